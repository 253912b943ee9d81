import { expect, test } from 'vitest'
import { Xxh64 } from '../../../lib/layers/decompress/xxh64.ts'

// The lower halves of the reference implementation's results.
test.each([
  ['', 0x51d8e999],
  ['a', 0xa98c6e5b],
  ['abc', 0xad770999],
])('%j has the hash of the reference', (text, low) => {
  expect(hashOf(Buffer.from(text), 1)).toBe(low)
})

test('pieces of any size have the hash of the whole', () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 131) & 0xff))
  const whole = hashOf(bytes, bytes.length)
  for (const size of [1, 3, 31, 32, 33, 100]) expect(hashOf(bytes, size)).toBe(whole)
  expect(hashOf(bytes.subarray(1), 7)).not.toBe(whole)
})

function hashOf(bytes: Buffer, size: number): number {
  const hasher = new Xxh64()
  for (let at = 0; at < bytes.length; at += size) hasher.push(bytes.subarray(at, at + size))
  return hasher.low()
}
