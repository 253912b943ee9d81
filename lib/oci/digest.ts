// Parses digests, and verifies content by them.
import { createHash, hash } from 'node:crypto'
import { TsbuildError } from '../base/errors.ts'
import type { Descriptor, Digest } from './types.ts'

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/** The two parts of a digest. */
export interface DigestParts {
  readonly algorithm: 'sha256' | 'sha512'
  /** Lower-case. */
  readonly hex: string
}

/** Whether a value is a well-formed digest of a supported algorithm (image-spec descriptor.md#digests). */
export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && DIGEST.test(value)
}

/** The text as a digest. Errors with `DIGEST_INVALID`. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text
  const hint = /^(?:sha256:|sha512:)/.test(text)
    ? 'sha256 takes 64 lower-case hex digits, sha512 takes 128'
    : 'write it as sha256:<64 hex digits>'
  throw new TsbuildError('DIGEST_INVALID', `invalid digest ${JSON.stringify(text)}`, { hint })
}

/** Algorithm and hex of a digest. Errors with `DIGEST_INVALID`, so that no unchecked text gets into a path. */
export function digestParts(digest: Digest): DigestParts {
  const [algorithm, hex = ''] = parseDigest(digest).split(':')
  return { algorithm: algorithm === 'sha512' ? 'sha512' : 'sha256', hex }
}

/** The sha256 of bytes, or of a text's UTF-8. */
export function sha256(bytes: Uint8Array | string): Digest {
  return `sha256:${hash('sha256', bytes, 'hex')}`
}

/** The path of a blob in an image layout: `blobs/sha256/<hex>` (image-spec image-layout.md#blobs). */
export function digestPath(digest: Digest): string {
  const { algorithm, hex } = digestParts(digest)
  return `blobs/${algorithm}/${hex}`
}

/** Errors with `DIGEST_MISMATCH` unless the bytes are those of the descriptor, by size and by digest. */
export function verifyBytes(bytes: Uint8Array, expected: Pick<Descriptor, 'digest' | 'size'>): void {
  if (bytes.byteLength !== expected.size) throw sizeMismatch(expected, bytes.byteLength)
  const { algorithm, hex } = digestParts(expected.digest)
  const got = hash(algorithm, bytes, 'hex')
  if (got !== hex) throw digestMismatch(expected.digest, `${algorithm}:${got}`)
}

/**
 * Passes chunks through. Errors with `DIGEST_MISMATCH` as soon as there are too many bytes, or at the end if size or
 * digest differ from the descriptor's.
 */
export async function* verifyStream(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  expected: Pick<Descriptor, 'digest' | 'size'>,
): AsyncIterable<Uint8Array> {
  const { algorithm, hex } = digestParts(expected.digest)
  const hasher = createHash(algorithm)
  let size = 0
  for await (const chunk of source) {
    size += chunk.byteLength
    if (size > expected.size) throw sizeMismatch(expected, size)
    hasher.update(chunk)
    yield chunk
  }
  if (size !== expected.size) throw sizeMismatch(expected, size)
  const got = hasher.digest('hex')
  if (got !== hex) throw digestMismatch(expected.digest, `${algorithm}:${got}`)
}

/** The error for content with another digest. */
export function digestMismatch(expected: Digest, got: Digest): TsbuildError {
  return new TsbuildError('DIGEST_MISMATCH', `content does not match its digest: expected ${expected}, got ${got}`)
}

/** The error for content of another size; `got` counts the bytes so far, or all of them. */
export function sizeMismatch(expected: Pick<Descriptor, 'digest' | 'size'>, got: number): TsbuildError {
  const more = got > expected.size ? 'at least ' : ''
  return new TsbuildError(
    'DIGEST_MISMATCH',
    `content of ${expected.digest} has the wrong size: expected ${expected.size} bytes, got ${more}${got}`,
  )
}
