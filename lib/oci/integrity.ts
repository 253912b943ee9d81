// The only module that knows that npm's ssri writes a digest as Subresource Integrity does.
import { hash } from 'node:crypto'
import ssri from 'ssri'
import { digestMismatch, digestParts } from './digest.ts'
import type { Digest } from './types.ts'

/** Errors with `DIGEST_MISMATCH` unless bytes, of whatever size, have the digest: of manifests, whose size only the registry knows. */
export function verifyIntegrity(bytes: Uint8Array, expected: Digest): void {
  const { algorithm, hex } = digestParts(expected)
  const integrity = ssri.fromHex(hex, algorithm, { single: true })
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (ssri.checkData(data, integrity)) return
  throw digestMismatch(expected, `${algorithm}:${hash(algorithm, bytes, 'hex')}`)
}
