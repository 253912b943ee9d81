// Finds blobs of a store whose contents are not those of their names, and removes them.
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { digestParts, digestPath, isDigest } from '../oci/digest.ts'
import type { Digest } from '../oci/types.ts'
import { namesIn, storeIO } from './atomic-files.ts'

/** The digests of all blobs. */
export function everyBlob(root: string): readonly Digest[] {
  const blobs = join(root, 'blobs')
  return namesIn(blobs)
    .flatMap((algorithm) => namesIn(join(blobs, algorithm)).map((hex) => `${algorithm}:${hex}`))
    .filter(isDigest)
}

/** Removes the damaged ones of these blobs, and returns them. */
export function removeDamaged(root: string, digests: readonly Digest[]): readonly Digest[] {
  return digests.filter((digest) => {
    const path = join(root, digestPath(digest))
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false
    if (storeIO(`reading ${digest}`, () => hashFile(path, digest)) === digest) return false
    storeIO(`removing ${digest}`, () => rmSync(path, { force: true }))
    return true
  })
}

/** Removes all damaged blobs, and returns them. Other work goes on meanwhile. */
export async function removeAllDamaged(root: string): Promise<readonly Digest[]> {
  const damaged: Digest[] = []
  for (const digest of everyBlob(root)) {
    damaged.push(...removeDamaged(root, [digest]))
    await new Promise(setImmediate)
  }
  return damaged
}

/** The digest of a file, by the algorithm of another digest. */
function hashFile(path: string, like: Digest): Digest {
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
