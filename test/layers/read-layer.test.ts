import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TsbuildError } from '../../lib/base/errors.ts'
import type { Store } from '../../lib/cache/store.ts'
import { writeTar } from '../../lib/layers/archive/write-tar.ts'
import { decompress } from '../../lib/layers/decompress/decompress.ts'
import type { SourceEntry } from '../../lib/layers/entry.ts'
import { indexLayer } from '../../lib/layers/index/index-layer.ts'
import { ensurePlainLayer } from '../../lib/layers/index/plain-layer.ts'
import { createHeaderEncoder } from '../../lib/layers/tar/encode-header.ts'
import { TarParser } from '../../lib/layers/tar/tar-parser.ts'
import { writeLayer } from '../../lib/layers/write-layer.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import type { DiffID, Digest, Layer } from '../../lib/oci/types.ts'
import { collect, directory, file, noise, plainEntry, storedFiles, symlink, temporaryStore } from './support/entries.ts'
import { readTar } from './support/read-tar.ts'

const entries: readonly SourceEntry[] = [
  directory('etc'),
  file('etc/passwd', 'root:x:0:0::/root:/bin/sh\n'),
  file('etc/empty', ''),
  file('data', noise(700_000)),
  symlink('link', '/etc'),
  file('n'.repeat(150), 'long'),
]
const tar = Buffer.concat([...writeTar(entries)])
const diffID = sha256(tar) as DiffID

test.each([
  ['gzip', gzipSync(tar)],
  ['gzip in two members', Buffer.concat([gzipSync(tar.subarray(0, 1000)), gzipSync(tar.subarray(1000))])],
  ['nothing', tar],
])('a layer from elsewhere, compressed with %s, has the index of one written here', async (_, blob) => {
  const store = temporaryStore()
  const { index } = await writeLayer(entries, temporaryStore(), { compression: { algorithm: 'uncompressed' } })
  expect(await indexLayer(store, put(store, blob))).toEqual(await index())
})

test('an index is recorded; one that is damaged is made again', async () => {
  const store = temporaryStore()
  const layer = put(store, gzipSync(tar))
  const index = await indexLayer(store, layer)
  const path = store.path(layer.descriptor.digest)
  store.writeDerived('index', diffID, Buffer.from('rubbish'))
  expect(await indexLayer(store, layer)).toEqual(index)
  rmSync(path)
  expect(await indexLayer(store, layer)).toEqual(index)
})

test('the plain tar is kept under its diffID, once', async () => {
  const store = temporaryStore()
  const layer = put(store, gzipSync(tar))
  const path = await ensurePlainLayer(store, layer)
  expect(path).toBe(store.path(diffID))
  expect(sha256(await collect(store.open({ digest: diffID, size: tar.length })))).toBe(diffID)
  rmSync(store.path(layer.descriptor.digest))
  expect(await ensurePlainLayer(store, layer)).toBe(path)
})

const wrongDiffID = `sha256:${'0'.repeat(64)}` as DiffID

test.each<[string, Buffer, DiffID | undefined, string]>([
  ['another tar than the config says', gzipSync(tar), wrongDiffID, 'DIGEST_MISMATCH'],
  ['no tar', gzipSync(noise(4096)), undefined, 'LAYER_INVALID'],
  ['a tar that is cut off', tar.subarray(0, 300_000), undefined, 'LAYER_INVALID'],
  ['a tar that is cut off in a header', tar.subarray(0, 700), undefined, 'LAYER_INVALID'],
  ['gzip that is cut off', gzipSync(tar).subarray(0, 300_000), undefined, 'LAYER_INVALID'],
  ['gzip with something after it', Buffer.concat([gzipSync(tar), noise(100)]), diffID, 'LAYER_INVALID'],
  ['damaged gzip', damaged(gzipSync(tar)), diffID, 'LAYER_INVALID'],
  ['damaged xz', Buffer.concat([Buffer.from('fd377a585a000004', 'hex'), noise(1000)]), undefined, 'LAYER_INVALID'],
  ['damaged bzip2', Buffer.concat([Buffer.from('BZh91AY&SY'), noise(1000)]), undefined, 'LAYER_INVALID'],
  ['a member of no known type', retyped('Z'), undefined, 'ARCHIVE_UNSUPPORTED'],
])('a layer that holds %s is refused, and nothing is kept', async (_, blob, id, code) => {
  const store = temporaryStore()
  const layer = put(store, blob, id ?? (sha256(Buffer.concat([blob, Buffer.from('x')])) as DiffID))
  const before = storedFiles(store)
  await expect(indexLayer(store, layer)).rejects.toMatchObject({ code })
  await expect(ensurePlainLayer(store, layer)).rejects.toMatchObject({ code })
  expect(storedFiles(store)).toEqual(before)
})

test('a layer that is not there is said to be missing', async () => {
  const layer = { descriptor: { mediaType: '', digest: diffID as Digest, size: 5 }, diffID: wrongDiffID }
  await expect(indexLayer(temporaryStore(), layer)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
})

test('a signal stops reading', async () => {
  const store = temporaryStore()
  await expect(indexLayer(store, put(store, tar), { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
    'enough',
  )
})

test('paths are clean and stay inside', async () => {
  const encode = createHeaderEncoder()
  const names = ['./a', '/b', '../../c', 'd//e/./f', 'g/../../h', '.', 'i/..']
  const archive = names.map((path) => Buffer.from(encode(file(path, ''))))
  const paths = []
  for await (const { entry } of readTar(chunked(Buffer.concat(archive), 512))) paths.push(entry.path)
  expect(paths).toEqual(['a', 'b', 'c', 'd/e/f', 'h', '', ''])
})

test.each([1, 7, 511, 512, 513, 100_000, 10_000_000])('chunks of %i bytes make no difference', async (size) => {
  const part = size < 10 ? tar.subarray(0, 4096) : tar
  const found: unknown[] = []
  const hasher = createHash('sha256')
  const parser = new TarParser({
    entry: (entry, offset) => found.push([plainEntry(entry), offset]),
    data: (bytes) => hasher.update(bytes),
  })
  for (let at = 0; at < part.length; at += size) parser.push(part.subarray(at, at + size))
  const { index } = await writeLayer(entries, temporaryStore(), { compression: { algorithm: 'uncompressed' } })
  const expected = (await index()).entries.map((entry) => [plainEntry(entry), entry.offset])
  if (part === tar) {
    parser.finish()
    expect(found).toEqual(expected)
  } else {
    expect(found).toEqual(expected.slice(0, found.length))
    expect(found.length).toBe(4)
  }
})

test('bodies are streamed, skipped or read in part, as the reader likes', async () => {
  const seen = []
  for await (const { entry, body } of readTar(chunked(tar, 1000))) {
    if (entry.path === 'etc/passwd') seen.push((await collect(body)).toString())
    if (entry.path !== 'data') continue
    for await (const piece of body) {
      seen.push(piece.length <= 1000)
      break
    }
  }
  expect(seen).toEqual(['root:x:0:0::/root:/bin/sh\n', true])
})

test('no bytes make the parsers fail with anything but an error of this library', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { maxLength: 30 }), async (changes) => {
      const bytes = Buffer.from(tar.subarray(0, 8192))
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      for (const run of [
        async () => collectEntries(readTar(chunked(bytes, 4096))),
        async () => {
          const parser = new TarParser({ entry() {}, data() {} })
          parser.push(bytes)
          parser.finish()
        },
      ]) {
        await run().catch((error: unknown) => expect(error).toBeInstanceOf(TsbuildError))
      }
    }),
  )
})

test('no bytes make decompression fail with anything but an error of this library', async () => {
  const magics = ['', '1f8b0800', '1f8b08000000000000ff', '28b52ffd', '5d2a4d18', 'fd377a585a00', '425a68']
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 600 }), async (magic, rest) => {
      const bytes = Buffer.concat([Buffer.from(magic, 'hex'), rest])
      await collect(decompress(chunked(bytes, 100))).catch((error: unknown) =>
        expect(error).toBeInstanceOf(TsbuildError),
      )
    }),
  )
})

test('an error of the source comes through decompression', async () => {
  const failing = async function* () {
    yield gzipSync(tar).subarray(0, 10_000)
    throw new Error('the network is down')
  }
  await expect(collect(decompress(failing()))).rejects.toThrow('the network is down')
})

test('a tar whose first name looks like the magic of a compression is a tar', async () => {
  const plain = await collect(writeTar([file('BZh', 'x')]))
  expect(await collect(decompress(chunked(plain, 100)))).toEqual(plain)
})

test('stopping early closes the source', async () => {
  let closed = 0
  const source = async function* () {
    try {
      for (;;) yield gzipSync(noise(100_000))
    } finally {
      closed++
    }
  }
  for await (const chunk of decompress(source())) if (chunk.length > 0) break
  for await (const member of readTar(loop(tar, () => closed++))) if (member.entry.path === 'etc') break
  expect(closed).toBe(2)
})

function put(store: Store, blob: Buffer, id: DiffID = diffID): Layer {
  return { descriptor: store.put(blob, 'application/octet-stream'), diffID: id }
}

function damaged(bytes: Buffer): Buffer {
  return Buffer.from(bytes).fill(0xff, 20_000, 20_100)
}

function retyped(flag: string): Buffer {
  const block = Buffer.from(createHeaderEncoder()(file('a', '')))
  block.write(flag, 156)
  block.fill(0x20, 148, 156)
  block.write(
    `${block
      .reduce((a, b) => a + b, 0)
      .toString(8)
      .padStart(6, '0')}\0`,
    148,
  )
  return block
}

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function* loop(bytes: Buffer, onClose: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* chunked(bytes, 512)
  } finally {
    onClose()
  }
}

async function collectEntries(members: AsyncIterable<unknown>): Promise<void> {
  for await (const member of members) expect(member).toBeDefined()
}
