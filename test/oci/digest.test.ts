import { expect, test } from 'vitest'
import { digestPath, isDigest, parseDigest, sha256, verifyBytes, verifyStream } from '../../lib/oci/digest.ts'
import type { Digest } from '../../lib/oci/types.ts'

const EMPTY: Digest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

test('the digest of nothing is the well-known one', () => {
  expect(sha256('')).toBe(EMPTY)
  expect(digestPath(EMPTY)).toBe(`blobs/sha256/${EMPTY.slice(7)}`)
})

test.each([
  ['', 'empty'],
  ['sha256', 'no colon'],
  [`sha256:${'a'.repeat(63)}`, 'too short'],
  [`sha256:${'a'.repeat(65)}`, 'too long'],
  [`sha256:${'A'.repeat(64)}`, 'upper-case'],
  [`sha512:${'a'.repeat(64)}`, 'too short for sha512'],
  [`md5:${'a'.repeat(32)}`, 'an algorithm that is not supported'],
  [`sha256:${'a'.repeat(64)}\n`, 'a line break after it'],
  [`sha256:../../../etc/passwd${'a'.repeat(42)}`, 'a path'],
])('%j is not a digest: %s', (text) => {
  expect(isDigest(text)).toBe(false)
  expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }))
})

test('no unchecked text gets into a path', () => {
  expect(() => digestPath('sha256:../../x')).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }))
})

test('bytes are verified by size and by digest', () => {
  const bytes = Buffer.from('hello')
  const digest = sha256(bytes)
  verifyBytes(bytes, { digest, size: 5 })
  expect(() => verifyBytes(bytes, { digest, size: 6 })).toThrow(/expected 6 bytes, got 5/)
  expect(() => verifyBytes(Buffer.from('hellO'), { digest, size: 5 })).toThrow(
    expect.objectContaining({ code: 'DIGEST_MISMATCH' }),
  )
})

test.each<[string, readonly string[], number, RegExp]>([
  ['too short', ['hel'], 5, /expected 5 bytes, got 3/],
  ['too long', ['hello', 'hello', 'hello'], 5, /expected 5 bytes, got at least 10/],
  ['of the right size but different', ['hel', 'lO'], 5, /does not match its digest/],
])('a stream that is %s errors', async (_, chunks, size, message) => {
  const source = verifyStream(
    chunks.map((c) => Buffer.from(c)),
    { digest: sha256('hello'), size },
  )
  await expect(collect(source)).rejects.toThrow(message)
})

test('a stream that is right passes through unchanged', async () => {
  const chunks = [Buffer.from('hel'), Buffer.alloc(0), Buffer.from('lo')]
  expect(await collect(verifyStream(chunks, { digest: sha256('hello'), size: 5 }))).toBe('hello')
})

async function collect(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
