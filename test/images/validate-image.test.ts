import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type ValidationProblem, type ValidationReport, validateImage } from '../../lib/images/validate-image.ts'
import { indexBytes, writeImage } from '../../lib/oci/manifest.ts'
import { OCI_INDEX, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../../lib/oci/media-types.ts'
import type { DiffID } from '../../lib/oci/types.ts'
import { memoryStore, putImage, putLayer } from '../support/memory-store.ts'
import { requires } from '../support/requires.ts'

const platform = { os: 'linux', architecture: 'amd64' }

test('a sound image has no problems, and says what was read', async () => {
  const store = memoryStore()
  const image = putImage(store, [Buffer.from('a'), Buffer.alloc(1 << 20)])
  const report = await validateImage(store, image.descriptor)
  const bytes = [...store.blobs.values()].reduce((sum, blob) => sum + blob.byteLength, 0)
  expect(report).toEqual({ valid: true, problems: [], unchecked: [], blobs: 4, bytes })
})

test('an index is valid if all its images are', async () => {
  const store = memoryStore()
  const good = putImage(store, [Buffer.from('a')])
  const index = store.put(indexBytes([good.descriptor, good.descriptor]), OCI_INDEX)
  expect((await validateImage(store, index)).valid).toBe(true)
  store.blobs.delete(good.manifest.config.digest)
  expect(await validateImage(store, index)).toMatchObject({ valid: false, problems: [{ code: 'BLOB_NOT_FOUND' }] })
})

test('a platform that is not there is a problem, unless that is meant', async () => {
  const store = memoryStore()
  const good = putImage(store, [Buffer.from('a')])
  const absent = putImage(memoryStore(), [Buffer.from('b')])
  const index = store.put(indexBytes([good.descriptor, absent.descriptor]), OCI_INDEX)
  expect(await validateImage(store, index)).toMatchObject({ problems: [{ code: 'BLOB_NOT_FOUND' }] })
  expect(await validateImage(store, index, { skipMissing: true })).toMatchObject({ valid: true })
})

test('every mismatch is reported, not only the first', async () => {
  const store = memoryStore()
  const [a, b, c] = ['a', 'b', 'c'].map((text) => putLayer(store, Buffer.from(text))) as [never, never, never]
  const image = writeImage(store, {
    config: {},
    // Two diffIDs are exchanged, one media type is wrong, one history entry is missing.
    layers: [
      swap(a, b),
      swap(b, a),
      c,
      { ...(c as object), descriptor: store.put(Buffer.from('z'), 'text/plain') } as never,
    ],
    history: [{ created_by: 'x' }],
    platform,
  })
  const wrongPlatform = { ...image.descriptor, platform: { os: 'linux', architecture: 'arm64' } }
  const report = await validateImage(store, wrongPlatform)
  expect(report.problems.map((p) => p.message)).toEqual([
    'expected 4 history entries with a layer, got 1',
    'expected platform linux/arm64 as the index says, got linux/amd64',
    expect.stringMatching(/^layers\[0\]: expected diffID/),
    expect.stringMatching(/^layers\[1\]: expected diffID/),
    'layers[3] has the unknown media type "text/plain"',
  ])
})

test.each<[string, (plain: Buffer) => Buffer, string]>([
  ['cut short', (gz) => gz.subarray(0, gz.length - 9), 'LAYER_INVALID'],
  ['not gzip at all', () => Buffer.from('plain'), 'LAYER_INVALID'],
  ['other content', () => gzipSync('other'), 'LAYER_INVALID'],
])('a layer that is %s is reported', async (_, spoil, code) => {
  const store = memoryStore()
  const good = putLayer(store, Buffer.from('plain'))
  const descriptor = store.put(spoil(gzipSync('plain')), OCI_LAYER_GZIP)
  const image = writeImage(store, { config: {}, layers: [{ ...good, descriptor }], history: [{}], platform })
  expect(await validateImage(store, image.descriptor)).toMatchObject({
    valid: false,
    problems: [{ code, digest: descriptor.digest }],
  })
})

const zstd = (plain: string, ...args: string[]): Buffer => execFileSync('zstd', ['-c', ...args], { input: plain })
const frames = (...texts: string[]): Buffer => Buffer.concat(texts.map((text) => zstd(text)))

test.skipIf(!requires('zstd')).each<[string, () => Buffer, string, Partial<ValidationReport>]>([
  ['zstd', () => zstd('plain'), OCI_LAYER_ZSTD, { valid: true }],
  ['zstd in several frames', () => frames('pl', 'ain'), OCI_LAYER_ZSTD, { valid: true }],
  [
    'zstd of other content',
    () => zstd('other'),
    OCI_LAYER_ZSTD,
    { problems: [problem(/expected diffID sha256:.*, got/)] },
  ],
  [
    'zstd whose later frame is other content',
    () => frames('pl', 'other'),
    OCI_LAYER_ZSTD,
    { problems: [problem(/expected diffID sha256:.*, got/)] },
  ],
  [
    'zstd that is cut off',
    () => frames('pl', 'ain').subarray(0, -3),
    OCI_LAYER_ZSTD,
    { problems: [problem(/can not be decompressed: invalid zstd data/)] },
  ],
  [
    'zstd that is announced as gzip',
    () => zstd('plain'),
    OCI_LAYER_GZIP,
    { problems: [problem(/^expected gzip data, as the media type says, got zstd$/)] },
  ],
  [
    'gzip that is announced as zstd',
    () => gzipSync('plain'),
    OCI_LAYER_ZSTD,
    { problems: [problem(/^expected zstd data, as the media type says, got gzip$/)] },
  ],
])('a layer of %s is checked', async (_, blob, mediaType, expected) => {
  const store = memoryStore()
  const { diffID } = putLayer(store, Buffer.from('plain'))
  const layers = [{ diffID, descriptor: store.put(blob(), mediaType) }]
  const image = writeImage(store, { config: {}, layers, history: [{}], platform })
  const report = await validateImage(store, image.descriptor)
  expect(report).toMatchObject({ unchecked: [], ...expected })
  expect(report.valid).toBe(expected.valid ?? false)
})

function problem(message: RegExp): ValidationProblem {
  return { code: 'LAYER_INVALID', digest: expect.any(String), message: expect.stringMatching(message) }
}

// A frame with the identifier of a dictionary.
const needsDictionary = Buffer.from('28b52ffd010007', 'hex')

test('a layer that this program can’t decompress is listed as unchecked, and its digest is checked', async () => {
  const store = memoryStore()
  const { diffID } = putLayer(store, Buffer.from('plain'))
  const descriptor = store.put(needsDictionary, OCI_LAYER_ZSTD)
  const image = writeImage(store, { config: {}, layers: [{ diffID, descriptor }], history: [{}], platform })
  const code = 'ARCHIVE_UNSUPPORTED'
  expect(await validateImage(store, image.descriptor)).toMatchObject({
    valid: false,
    problems: [],
    unchecked: [{ code, digest: descriptor.digest, message: expect.stringContaining('needs a dictionary') }],
  })
  store.blobs.set(descriptor.digest, Buffer.concat([needsDictionary.subarray(0, 6), Buffer.from([8])]))
  expect(await validateImage(store, image.descriptor)).toMatchObject({
    problems: [{ code: 'DIGEST_MISMATCH', digest: descriptor.digest }],
    unchecked: [],
  })
})

test('a diffID of another algorithm is listed as unchecked', async () => {
  const store = memoryStore()
  const diffID = `sha512:${createHash('sha512').update('plain').digest('hex')}` as DiffID
  const descriptor = store.put(gzipSync('plain'), OCI_LAYER_GZIP)
  const image = writeImage(store, { config: {}, layers: [{ diffID, descriptor }], history: [{}], platform })
  expect(await validateImage(store, image.descriptor)).toMatchObject({
    valid: false,
    problems: [],
    unchecked: [{ code: 'UNSUPPORTED', digest: descriptor.digest, message: expect.stringContaining(diffID) }],
  })
})

test('an encrypted layer is a problem', async () => {
  const store = memoryStore()
  const { diffID } = putLayer(store, Buffer.from('plain'))
  const descriptor = store.put(gzipSync('plain'), `${OCI_LAYER_GZIP}+encrypted`)
  const image = writeImage(store, { config: {}, layers: [{ diffID, descriptor }], history: [{}], platform })
  expect(await validateImage(store, image.descriptor)).toMatchObject({
    problems: [{ code: 'IMAGE_INVALID', message: expect.stringMatching(/^layers\[0\] is encrypted/) }],
  })
})

test('a blob that was changed on disk is reported', async () => {
  const store = memoryStore()
  const image = putImage(store, [Buffer.from('a')])
  const digest = image.layers[0]?.descriptor.digest
  if (!digest) throw new Error('no layer')
  store.blobs.set(digest, gzipSync('b'))
  expect((await validateImage(store, image.descriptor)).problems).toMatchObject([{ code: 'DIGEST_MISMATCH', digest }])
})

test('plain layers are hashed as they are', async () => {
  const store = memoryStore()
  const { diffID } = putLayer(store, Buffer.from('plain'))
  const layers = [{ diffID, descriptor: store.put(Buffer.from('plain'), OCI_LAYER) }]
  const image = writeImage(store, { config: {}, layers, history: [{}], platform })
  expect(await validateImage(store, image.descriptor)).toMatchObject({ valid: true })
})

test('garbage instead of a manifest is a problem, not a crash', async () => {
  const store = memoryStore()
  for (const garbage of ['', '[]', '{"schemaVersion":2}', '{"schemaVersion":2,"config":null,"layers":null}']) {
    const report = await validateImage(store, store.put(Buffer.from(garbage), OCI_MANIFEST))
    expect(report).toMatchObject({ valid: false, problems: [{ code: 'MANIFEST_INVALID' }] })
  }
})

test('an aborted validation errors with the reason', async () => {
  const store = memoryStore()
  const image = putImage(store, [Buffer.from('a')])
  const reason = new Error('stop')
  await expect(validateImage(store, image.descriptor, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

function swap(layer: { descriptor: never }, other: { diffID: never }): never {
  return { descriptor: layer.descriptor, diffID: other.diffID } as never
}
