import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { validateImage } from '../../lib/images/validate-image.ts'
import { indexBytes, writeImage } from '../../lib/oci/manifest.ts'
import { OCI_INDEX, OCI_LAYER, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../lib/oci/media-types.ts'
import { memoryStore, putImage, putLayer } from '../support/memory-store.ts'

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
