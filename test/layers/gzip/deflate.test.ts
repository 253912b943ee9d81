import { hash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deflateChunk } from '../../../lib/layers/gzip/deflate-threads.ts'
import { createDeflater, deflateModule } from '../../../lib/layers/gzip/deflater.ts'
import { buildDeflate, missingTools } from '../../../scripts/build-deflate.ts'
import { requires } from '../../support/requires.ts'

const LONGEST = 1024 * 1024
/** RFC 1951: a last block with nothing in it. */
const END = Buffer.of(3, 0)

const deflate = createDeflater(deflateModule(), LONGEST)

/** The compressed form; undefined where there is none that is shorter. */
function deflated(plain: Uint8Array, level: number): Buffer | undefined {
  const bytes = Buffer.from(plain)
  const length = deflate(bytes, level)
  if (length === 0) expect(bytes.equals(plain)).toBe(true)
  return length === 0 ? undefined : bytes.subarray(0, length)
}

const text = (length: number): Buffer => {
  const lines = Array.from({ length: length / 20 }, (_, n) => `line ${n} of ${(n * 7919) % 104_729}, and some more`)
  return Buffer.from(lines.join('\n')).subarray(0, length)
}

/** Memory of its own, which can be handed over. */
function owned(bytes: Uint8Array): Buffer {
  const buffer = Buffer.allocUnsafeSlow(bytes.length)
  buffer.set(bytes)
  return buffer
}

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('what level %i compresses comes out again', (level) => {
  const plain = text(LONGEST)
  const packed = deflated(plain, level)
  expect(packed?.length).toBeLessThan(plain.length / 2)
  expect(inflateRawSync(Buffer.concat([packed ?? plain, END])).equals(plain)).toBe(true)
})

test('parts of any bytes, one after the other, are one stream', () => {
  const words = fc.array(fc.constantFrom('export ', 'const ', '\0\0\0\0', 'é', 'x = 1\n'), { maxLength: 4000 })
  const part = fc.oneof(
    words.map((all) => Buffer.from(all.join(''))),
    fc.uint8Array({ maxLength: 3000 }).map((all) => Buffer.from(all)),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), fc.integer({ min: 1, max: 9 }), (parts, level) => {
      const both = parts.map((plain) => ({ plain, packed: deflated(plain, level) })).filter(({ packed }) => packed)
      const stream = Buffer.concat([...both.map(({ packed }) => packed ?? END), END])
      expect(inflateRawSync(stream)).toEqual(Buffer.concat(both.map(({ plain }) => plain)))
    }),
    { numRuns: 200 },
  )
})

test('the same bytes on every machine, with every Node.js', () => {
  const digests = [1, 5, 6, 9].map((level) => hash('sha256', deflated(text(LONGEST), level) ?? END, 'hex').slice(0, 16))
  expect(digests).toEqual(['fb32c92411b30fe3', '74217f45cfae654a', '6d1ee45b163de2c9', '4be664a875d8c35e'])
})

test('what would not get shorter stays as it is', () => {
  for (const length of [0, 1, 20, 1000, LONGEST]) expect(deflated(randomBytes(length), 6)).toBeUndefined()
})

test('a thread gives the same bytes, whatever came before, and gives the memory back', async () => {
  const plain = text(300_000)
  const packed = deflated(plain, 5)
  const other = deflateChunk(owned(text(LONGEST)), LONGEST, 9)
  const buffer = owned(plain)
  const memory = buffer.buffer
  const result = await deflateChunk(buffer, plain.length, 5)
  expect(result.buffer.subarray(0, result.length)).toEqual(packed)
  expect(result.buffer.length).toBe(plain.length)
  expect(memory.byteLength).toBe(0)
  expect((await other).length).toBeGreaterThan(0)
})

test('many chunks at once come back to whom they belong', async () => {
  const plain = Array.from({ length: 40 }, (_, n) => Buffer.from(`chunk ${n} `.repeat(20_000)))
  const results = await Promise.all(plain.map((bytes) => deflateChunk(owned(bytes), bytes.length, 1)))
  for (const [at, { buffer, length }] of results.entries()) {
    const stream = Buffer.concat([buffer.subarray(0, length), END])
    expect(inflateRawSync(stream).equals(plain[at] ?? END)).toBe(true)
  }
})

test.skipIf(!missingTools().every((tool) => requires(tool)))(
  'the module is what its source is compiled to',
  async () => {
    const file = join(import.meta.dirname, '../../../lib/layers/gzip/deflate-module.ts')
    expect(await buildDeflate()).toBe(readFileSync(file, 'utf8'))
  },
)

test('the text of the function that threads are given needs nothing outside of it', () => {
  const alone = runInNewContext(`(${createDeflater})`, {
    WebAssembly: (globalThis as { WebAssembly?: unknown }).WebAssembly,
  })
  const plain = text(100_000)
  const bytes = Buffer.from(plain)
  const length = (alone as typeof createDeflater)(deflateModule(), LONGEST)(bytes, 6)
  expect(bytes.subarray(0, length)).toEqual(deflated(plain, 6))
})
