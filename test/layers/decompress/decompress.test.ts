import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { decompress } from '../../../lib/layers/decompress/decompress.ts'
import { requires } from '../../support/requires.ts'

const text = Buffer.from(Array.from({ length: 200_000 }, (_, n) => `line ${n} of a text\n`).join(''))
const programs = { gzip: ['gzip', '-c'], bzip2: ['bzip2', '-c'], xz: ['xz', '-c'], zstd: ['zstd', '-qc'] } as const
const algorithms = (['gzip', 'bzip2', 'xz', 'zstd'] as const).filter(requires)

function compress(algorithm: (typeof algorithms)[number], input: Uint8Array): Buffer {
  const [program, option] = programs[algorithm]
  return execFileSync(program, [option], { input, maxBuffer: 64 << 20 })
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(Uint8Array.from(chunk))
  return Buffer.concat(chunks)
}

test.each(algorithms)('%s is decompressed, in whatever pieces it comes', async (algorithm) => {
  const packed = compress(algorithm, text)
  for (const size of [1000, 65_536, packed.length]) {
    expect((await all(decompress(inPieces(packed, size)))).equals(text)).toBe(true)
  }
})

test.each(algorithms)('%s of nothing is nothing', async (algorithm) => {
  expect(await all(decompress(inPieces(compress(algorithm, new Uint8Array(0)), 100)))).toEqual(Buffer.alloc(0))
})

test.each(algorithms)('%s members that follow one another are one text', async (algorithm) => {
  const packed = Buffer.concat([compress(algorithm, Buffer.from('one ')), compress(algorithm, Buffer.from('two'))])
  expect((await all(decompress(inPieces(packed, 7)))).toString()).toBe('one two')
})

test.each(algorithms)('%s that is cut off is an error', async (algorithm) => {
  const packed = compress(algorithm, text)
  await expect(all(decompress(inPieces(packed.subarray(0, packed.length >> 1), 5000)))).rejects.toMatchObject({
    code: 'ARCHIVE_INVALID',
  })
})

test.each(algorithms)('%s that is damaged is an error', async (algorithm) => {
  const packed = compress(algorithm, text)
  packed.fill(0xa5, packed.length >> 1, (packed.length >> 1) + 64)
  await expect(all(decompress(inPieces(packed, 5000)))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
})

test.each(algorithms)('with %s an error of the source comes through', async (algorithm) => {
  const packed = compress(algorithm, text)
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield packed.subarray(0, 2000)
    throw new Error('the source broke')
  }
  await expect(all(decompress(failing()))).rejects.toThrow('the source broke')
})
