import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { digestParts } from '../oci/digest.ts'
import type { Digest } from '../oci/types.ts'

/** The digest of a file, by the algorithm of another digest. */
export function hashFile(path: string, like: Digest): Digest {
  const { algorithm } = digestParts(like)
  const hasher = createHash(algorithm)
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(1 << 18)
    for (let read = -1; read !== 0; ) {
      read = readSync(file, buffer, 0, buffer.length, null)
      hasher.update(buffer.subarray(0, read))
    }
  } finally {
    closeSync(file)
  }
  return `${algorithm}:${hasher.digest('hex')}`
}
