// Spoilt archives, compressed streams and headers: given or refused, never anything else.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TsbuildError } from '../../lib/base/errors.ts'
import { archiveTree } from '../../lib/executor/copy/archive-tree.ts'
import { openArchive } from '../../lib/layers/archive/open-archive.ts'
import { writeTar } from '../../lib/layers/archive/write-tar.ts'
import { decompress } from '../../lib/layers/decompress/decompress.ts'
import { inflatePortable } from '../../lib/layers/decompress/inflate-portable.ts'
import type { LayerIndex } from '../../lib/layers/entry.ts'
import { IndexBuilder } from '../../lib/layers/index/index-builder.ts'
import { decodeLayerIndex, encodeLayerIndex } from '../../lib/layers/index/layer-index.ts'
import { decodeHeader } from '../../lib/layers/tar/decode-header.ts'
import { decodePax } from '../../lib/layers/tar/pax-records.ts'
import { createUnionView } from '../../lib/layers/union/union-view.ts'
import type { DiffID } from '../../lib/oci/types.ts'
import { requires } from '../support/requires.ts'
import { directory, file, hardlink, noise, symlink, temporaryDirectory, temporaryStore } from './support/entries.ts'
import { readTar } from './support/read-tar.ts'

const tar = Buffer.concat([
  ...writeTar([
    directory('d'),
    file('d/a', 'text'),
    file('d/b', noise(3000)),
    file('l'.repeat(300), 'long'),
    symlink('s', '../'.repeat(60)),
    hardlink('h', 'd/a'),
    file('x', '', { uid: 3_000_000, xattrs: { 'security.capability': noise(20) } }),
    file('.wh.y', ''),
  ]),
])

/** A few bytes changed, pieces taken out, repeated and moved. */
function spoilt(bytes: Buffer): fc.Arbitrary<Buffer> {
  const at = fc.nat({ max: bytes.length - 1 })
  const change = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant('set' as const), at, fc.nat({ max: 255 })) },
    fc.tuple(fc.constant('cut' as const), at, fc.nat({ max: 600 })),
    fc.tuple(fc.constant('repeat' as const), at, fc.nat({ max: 600 })),
    fc.tuple(fc.constant('end' as const), at, fc.constant(0)),
  )
  return fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) => {
    let result = Buffer.from(bytes)
    for (const [kind, where, value] of changes) {
      if (kind === 'set') result[where] = value
      else if (kind === 'cut') result = Buffer.concat([result.subarray(0, where), result.subarray(where + value)])
      else if (kind === 'end') result = result.subarray(0, where)
      else result = Buffer.concat([result.subarray(0, where + value), result.subarray(where)])
    }
    return result
  })
}

/** Tars whose headers are sound, checksums and all, whatever is in them. */
const spoiltHeaders = fc
  .array(fc.tuple(fc.nat({ max: tar.length / 512 - 1 }), fc.nat({ max: 511 }), fc.nat({ max: 255 })), { maxLength: 8 })
  .map((changes) => {
    const result = Buffer.from(tar)
    for (const [block, at, value] of changes) {
      result[block * 512 + at] = value
      const header = result.subarray(block * 512, block * 512 + 512)
      header.fill(' ', 148, 156)
      const sum = header.reduce((total, byte) => total + byte, 0)
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    }
    return result
  })

async function orRefused<T>(action: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}

/** Runs an action that may succeed or be refused; any other outcome fails the property. */
async function survives(action: () => unknown): Promise<void> {
  await orRefused(action)
}

async function* inPieces(bytes: Buffer, size = 700): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** The bytes, as long as there are fewer than a test can bear. */
async function drain(source: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0
  for await (const chunk of source) if ((size += chunk.length) > 64 << 20) break
  return size
}

function indexOf(bytes: Buffer): LayerIndex {
  const builder = new IndexBuilder()
  builder.push(bytes)
  return builder.finish()
}

describe.each([
  ['spoilt tars', spoilt(tar)],
  ['tars with odd headers', spoiltHeaders],
])('%s', (_, tars) => {
  test('are indexed and seen as layers and as archives, or refused', async () => {
    await fc.assert(
      fc.asyncProperty(tars, async (bytes) => {
        const index = await orRefused(() => indexOf(bytes))
        if (!index) return
        for (const { path } of index.entries) expect(path.split('/')).not.toContain('..')
        await orRefused(() => createUnionView([{ diffID: 'sha256:0' as DiffID, index, plainPath: '/none' }]).list(''))
        await orRefused(() => archiveTree(index.entries, 0).list(''))
      }),
      { numRuns: 300 },
    )
  })

  test('are read member by member, or refused', async () => {
    await fc.assert(
      fc.asyncProperty(tars, (bytes) =>
        survives(async () => {
          for await (const { body } of readTar(inPieces(bytes)))
            for (const piece of body) expect(piece.length).toBeGreaterThan(0)
        }),
      ),
      { numRuns: 100 },
    )
  })
})

test('any block is a header or refused, and any bytes are pax records or refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 512, maxLength: 512 }), async (bytes) => {
      await orRefused(() => decodeHeader(Buffer.from(bytes), 0))
      await orRefused(() => decodePax(Buffer.from(bytes)))
    }),
  )
  const record = fc.string({ unit: fc.constantFrom(...'0123456789 =\nпpath') })
  await fc.assert(fc.asyncProperty(record, (text) => survives(() => decodePax(Buffer.from(text)))))
})

test('bytes that are near an index are one or none', () => {
  const index = Buffer.concat(encodeLayerIndex(indexOf(tar)))
  fc.assert(fc.property(spoilt(index), (bytes) => void decodeLayerIndex(bytes)))
})

const programs = ['gzip', 'bzip2', 'xz', 'zstd'].filter(requires)
const text = Buffer.concat([tar, Buffer.alloc(100_000), noise(2000)])

test.each(programs)('spoilt %s is decompressed or refused', async (program) => {
  const packed = execFileSync(program, ['-c'], { input: text, maxBuffer: 8 << 20 })
  await fc.assert(
    fc.asyncProperty(spoilt(packed), (bytes) => survives(() => drain(decompress(inPieces(bytes))))),
    { numRuns: 100 },
  )
})

test.each(programs)('an archive in spoilt %s is one, none, or refused', async (program) => {
  const packed = execFileSync(program, ['-c'], { input: tar, maxBuffer: 8 << 20 })
  const store = temporaryStore()
  const path = join(temporaryDirectory(), 'a')
  await fc.assert(
    fc.asyncProperty(spoilt(packed), async (bytes) => {
      writeFileSync(path, bytes)
      await orRefused(() => openArchive(path, store))
    }),
    { numRuns: 40 },
  )
})

test('blocks of zstd that swell are given one by one', async () => {
  // 20,000 blocks of one repeated byte: 80 kB for 2.6 GB.
  const block = Buffer.alloc(4)
  block.writeUIntLE((131_072 << 3) | 2, 0, 3)
  const frame = Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), ...Array.from({ length: 20_000 }, () => block)])
  let size = 0
  for await (const bytes of inflatePortable(inPieces(frame, frame.length), 'zstd', { careful: false })) {
    expect(bytes.length).toBeLessThanOrEqual(131_072)
    if ((size += bytes.length) > 16 << 20) break
  }
  expect(size).toBeGreaterThan(16 << 20)
})

test.each([
  ['a window of 2 GiB', '28b52ffd00a8', 'ARCHIVE_UNSUPPORTED'],
  ['a dictionary', '28b52ffd010007', 'ARCHIVE_UNSUPPORTED'],
  ['a reserved bit', '28b52ffd0800', 'ARCHIVE_INVALID'],
  ['a block that is too large', '28b52ffd0058fdffff', 'ARCHIVE_INVALID'],
  ['something between frames', '28b52ffd0058010000feed', 'ARCHIVE_INVALID'],
])('zstd with %s is refused', async (_, hex, code) => {
  const bytes = Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(100)])
  await expect(drain(decompress(inPieces(bytes)))).rejects.toMatchObject({ code })
})

test.skipIf(!requires('xz')).each([
  ['a filter', ['--x86', '--lzma2']],
  ['a check', ['--check=sha256']],
])('xz with %s that is not known is refused as that, and not taken for a file', async (_, options) => {
  const packed = execFileSync('xz', ['-c', ...options], { input: tar })
  const path = join(temporaryDirectory(), 'a.xz')
  writeFileSync(path, packed)
  await expect(openArchive(path, temporaryStore())).rejects.toMatchObject({ code: 'ARCHIVE_UNSUPPORTED' })
})

test('gzip with the worst of headers is decompressed or refused', async () => {
  const body = deflateRawSync(tar)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 30 }), (extra) =>
      survives(() => drain(decompress(inPieces(Buffer.concat([Buffer.of(0x1f, 0x8b, 8), extra, body]))))),
    ),
  )
  expect(await drain(decompress(inPieces(gzipSync(tar))))).toBe(tar.length)
})

test('archives of deep directories that nothing shares are refused before they fill the memory', () => {
  const builder = new IndexBuilder()
  const deep = '/d'.repeat(2000)
  const tars = ['a', 'b'].map((name) => headersOf(Buffer.concat([...writeTar([directory(`${name}${deep}`)])])))
  const push = (): void => {
    for (let i = 0; i < 2000; i++) for (const one of tars) builder.push(one)
  }
  expect(push).toThrow(expect.objectContaining({ code: 'ARCHIVE_INVALID' }))
})

/** Without the end of the archive. */
function headersOf(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end >= 512 && bytes.subarray(end - 512, end).every((byte) => byte === 0)) end -= 512
  return bytes.subarray(0, end)
}
