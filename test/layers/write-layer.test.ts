import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { DiskStore } from '../../lib/cache/store.ts'
import { writeTar } from '../../lib/layers/archive/write-tar.ts'
import { compressLayer } from '../../lib/layers/compress-layer.ts'
import type { PlainEntry } from '../../lib/layers/entry-with.ts'
import { indexLayer } from '../../lib/layers/index/index-layer.ts'
import { decodeLayerIndex, INDEX_KIND } from '../../lib/layers/index/layer-index.ts'
import { scanLayer } from '../../lib/layers/index/scan-layer.ts'
import { type WriteLayerOptions, writeLayer } from '../../lib/layers/write-layer.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import type { Descriptor } from '../../lib/oci/types.ts'
import {
  collect,
  directory,
  file,
  hardlink,
  noise,
  plainEntry,
  storedFiles,
  symlink,
  temporaryDirectory,
  temporaryStore,
} from './support/entries.ts'
import { readTar } from './support/read-tar.ts'

const GZIP = { compression: { algorithm: 'gzip', level: 6 } } as const
const PLAIN = { compression: { algorithm: 'uncompressed' } } as const

const mixed: readonly PlainEntry[] = [
  directory('app'),
  file('app/empty', ''),
  file('app/hello', 'hello\n'),
  file('app/block', 'x'.repeat(512)),
  file('app/large', 'all work and no play '.repeat(60_000)),
  file('app/noise', noise(1_500_000)),
  file('app/exactly', noise(1024 * 1024 - 512)),
  symlink('app/link', 'hello'),
  hardlink('app/hard', 'app/hello'),
  file('app/ünï', 'x', { mtime: 1.5, uid: 3_000_000, xattrs: { 'user.a': Buffer.of(0, 255) } }),
  directory('empty'),
]

/** Enough to be cut into a dozen chunks. */
const many: readonly PlainEntry[] = Array.from({ length: 2500 }, (_, i) =>
  file(`src/${i % 7}/file-${i}.js`, noise(500 + (i % 400), i + 1).toString('hex')),
)

test('a layer is a tar of the entries in their order, and the index says where everything is', async () => {
  const store = temporaryStore()
  const layer = await writeLayer(mixed, store, GZIP)
  const tar = gunzipSync(readBlob(store, layer.descriptor))
  expect(layer).toMatchObject({ diffID: sha256(tar), size: tar.length })
  const plain = await writeLayer(mixed, store, PLAIN)
  expect(plain).toMatchObject({ diffID: sha256(tar), descriptor: { digest: sha256(tar) } })
  expect(readFileSync(store.path(layer.diffID)).equals(tar)).toBe(true)
  const index = await layer.index()
  expect(index.entries.map(plainEntry)).toEqual(mixed.map(plainEntry))
  for (const [i, entry] of index.entries.entries()) {
    const bytes = tar.subarray(entry.offset, entry.offset + entry.size)
    const { content, type } = mixed[i] as PlainEntry
    expect(bytes.equals(content?.kind === 'bytes' ? content.bytes : Buffer.alloc(0))).toBe(true)
    expect(entry.sha256).toBe(type === 'file' ? sha256(bytes).slice(7) : undefined)
  }
  const read = []
  for await (const { entry, body } of readTar(one(tar))) read.push([plainEntry(entry), (await collect(body)).length])
  expect(read).toEqual(mixed.map((entry) => [plainEntry(entry), entry.size]))
})

test('the compressed blob is one gzip member that gzip itself accepts', async () => {
  const store = temporaryStore()
  const { descriptor, size } = await writeLayer([...mixed, ...many], store, GZIP)
  const bytes = readBlob(store, descriptor)
  expect(execFileSync('gzip', ['-dc'], { input: bytes, maxBuffer: 1e9 }).length).toBe(size)
  expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
  expect(bytes.readUInt32LE(bytes.length - 4)).toBe(size)
})

test('the same entries give the same bytes, whatever form is asked for', async () => {
  const store = temporaryStore()
  const a = await writeLayer([...mixed, ...many], store, GZIP)
  expect(store.has(a.diffID)).toBe(false)
  const b = await writeLayer([...mixed, ...many], temporaryStore(), GZIP)
  const c = await writeLayer([...mixed, ...many], store, PLAIN)
  expect(b.descriptor).toEqual(a.descriptor)
  expect([b.diffID, c.diffID]).toEqual([a.diffID, a.diffID])
  expect(c).toMatchObject({ descriptor: { digest: a.diffID, size: a.size } })
  expect(sha256(await collect(writeTar([...mixed, ...many])))).toBe(a.diffID)
})

test.each([0, 1, 6, 9])('compressing a plain layer later at level %i gives the bytes of one pass', async (level) => {
  const entries = [...mixed, ...many]
  const store = temporaryStore()
  const plain = await writeLayer(entries, store, PLAIN)
  const options = { compression: { algorithm: 'gzip', level } } as const
  const expected = await writeLayer(entries, temporaryStore(), options)
  expect(await compressLayer(store, plain, await plain.index(), { level })).toEqual(expected.descriptor)
})

test('compressing a plain layer that is damaged fails with its digest and leaves nothing', async () => {
  const store = temporaryStore()
  const plain = await writeLayer(mixed, store, PLAIN)
  const index = await plain.index()
  rmSync(store.path(plain.diffID), { force: true })
  writeFileSync(join(store.root, 'blobs/sha256', plain.diffID.slice(7)), Buffer.alloc(plain.size))
  const before = storedFiles(store)
  await expect(compressLayer(store, plain, index, { level: 6 })).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
  })
  expect(storedFiles(store)).toEqual(before)
})

test('when one file of many changes, nearly all compressed bytes stay the same', async () => {
  const store = temporaryStore()
  const before = readBlob(store, (await writeLayer(many, store, GZIP)).descriptor)
  const changed = many.with(1250, file('src/4/file-1250.js', 'something else entirely\n'.repeat(300)))
  const after = readBlob(store, (await writeLayer(changed, store, GZIP)).descriptor)
  let head = 0
  while (before[head] === after[head]) head++
  // The trailer differs.
  let tail = 8
  while (before.at(-tail - 1) === after.at(-tail - 1)) tail++
  expect(before.length).toBeGreaterThan(500_000)
  expect((head + tail) / before.length).toBeGreaterThan(0.7)
})

test('content comes from bytes, from files on disk and from ranges of them', async () => {
  const store = temporaryStore()
  const path = join(temporaryDirectory(), 'data')
  const bytes = noise(1_500_000, 7)
  writeFileSync(path, bytes)
  const entries = [
    { ...file('whole', bytes), content: { kind: 'file', path } },
    { ...file('part', bytes.subarray(100, 1100)), content: { kind: 'range', path, offset: 100 } },
    { ...file('most', bytes.subarray(5)), content: { kind: 'range', path, offset: 5 } },
  ] as const
  const layer = await writeLayer(entries, store, PLAIN)
  const expected = [file('whole', bytes), file('part', bytes.subarray(100, 1100)), file('most', bytes.subarray(5))]
  expect(layer.diffID).toBe((await writeLayer(expected, store, PLAIN)).diffID)
})

test('a hash that the entry carries is taken as it is', async () => {
  const known = 'a'.repeat(64)
  const { index, digests } = await writeLayer([file('a', 'x', { sha256: known })], temporaryStore(), GZIP)
  expect((await index()).entries[0]?.sha256).toBe(known)
  expect([digests.hex(0), digests.hex(1)]).toEqual([known, undefined])
})

test.each<[string, number, (path: string) => void]>([
  ['grew', 10, (path) => appendFileSync(path, 'x')],
  ['shrank', 10, (path) => truncateSync(path, 9)],
  ['grew, and is large', 3_000_000, (path) => appendFileSync(path, 'x')],
  ['shrank, and is large', 3_000_000, (path) => truncateSync(path, 2_999_999)],
  ['went away', 10, (path) => rmSync(path)],
  [
    'became a symlink',
    10,
    (path) => {
      rmSync(path)
      symlinkSync('/etc/passwd', path)
    },
  ],
  [
    'became a fifo',
    10,
    (path) => {
      rmSync(path)
      execFileSync('mkfifo', [path])
    },
  ],
])('a file that %s since it was listed fails the layer and leaves nothing', async (_, size, change) => {
  const store = temporaryStore()
  const path = join(temporaryDirectory(), 'data')
  writeFileSync(path, Buffer.alloc(size))
  change(path)
  const entries: readonly PlainEntry[] = [
    file('first', noise(1_200_000)),
    { ...file('a', Buffer.alloc(size)), content: { kind: 'file', path } },
  ]
  await expect(writeLayer(entries, store, GZIP)).rejects.toMatchObject({
    code: 'CONTEXT_CHANGED',
    message: expect.stringContaining(JSON.stringify(path)),
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(storedFiles(store)).toEqual([])
})

test.each<[string, WriteLayerOptions]>([
  ['compressed', GZIP],
  ['plain', PLAIN],
])('an abort stops a %s layer soon and leaves nothing', async (_, options) => {
  const store = temporaryStore()
  const controller = new AbortController()
  const reason = new Error('enough')
  let progress = 0
  const onProgress = (bytes: number): void => {
    progress = bytes
    if (bytes > 2_000_000) controller.abort(reason)
  }
  const endless = (function* () {
    for (let i = 0; ; i++) yield file(`${i}`, noise(10_000, i + 1))
  })()
  await expect(writeLayer(endless, store, { ...options, signal: controller.signal, onProgress })).rejects.toBe(reason)
  expect(progress).toBeLessThan(4_000_000)
  expect(storedFiles(store)).toEqual([])
})

test('an error of the entries themselves comes through and leaves nothing', async () => {
  const store = temporaryStore()
  const failing = (function* () {
    yield file('a', noise(2_000_000))
    throw new Error('the disk is on fire')
  })()
  await expect(writeLayer(failing, store, GZIP)).rejects.toThrow('the disk is on fire')
  expect(storedFiles(store)).toEqual([])
})

test('the index is recorded in the store, so that nothing has to be read again', async () => {
  const store = temporaryStore()
  const { diffID, descriptor, index } = await writeLayer(mixed, store, GZIP)
  const recorded = store.readDerived(INDEX_KIND, diffID)
  // The index that a store makes which has the blob alone.
  const other = temporaryStore()
  const writer = other.createWriter()
  writer.write(readBlob(store, descriptor))
  writer.commit()
  const read = await scanLayer(other, { diffID, descriptor }, { keepPlain: false })
  expect(recorded && decodeLayerIndex(recorded)).toEqual(read)
  rmSync(store.path(descriptor.digest))
  expect(await indexLayer(store, { diffID, descriptor })).toEqual(read)
  expect(await index()).toEqual(read)
})

test('a layer of nothing is the end of a tar', async () => {
  const { size, index } = await writeLayer([], temporaryStore(), GZIP)
  expect({ size, index: await index() }).toEqual({ size: 1024, index: { entries: [], size: 1024 } })
})

function readBlob(store: DiskStore, descriptor: Descriptor): Buffer {
  const bytes = readFileSync(store.path(descriptor.digest))
  expect([sha256(bytes), bytes.length]).toEqual([descriptor.digest, descriptor.size])
  return bytes
}

async function* one(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}
