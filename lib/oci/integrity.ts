// Verifies manifests with npm's ssri. The only module that knows Subresource Integrity's notation of digests.
import { hash } from 'node:crypto'
import ssri from 'ssri'
import { digestMismatch, digestParts } from './digest.ts'
import type { Digest } from './types.ts'

/**
 * Errors with `DIGEST_MISMATCH` unless bytes of any size have the digest. Only the registry knows the size of a
 * manifest.
 */
export function verifyIntegrity(bytes: Uint8Array, expected: Digest): void {
  const { algorithm, hex } = digestParts(expected)
  const integrity = ssri.fromHex(hex, algorithm, { single: true })
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (ssri.checkData(data, integrity)) return
  throw digestMismatch(expected, `${algorithm}:${hash(algorithm, bytes, 'hex')}`)
}
