// `load` takes no image that does not fit together, and none that it can't check.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import { loadImages } from '../../lib/images/load-images.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { indexBytes, writeImage } from '../../lib/oci/manifest.ts'
import { OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../../lib/oci/media-types.ts'
import type { DiffID } from '../../lib/oci/types.ts'
import { emptyTar, memoryStore } from '../support/memory-store.ts'
import { requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const NAME = 'docker.io/library/app:1'
const zstd = (bytes: Uint8Array): Buffer => execFileSync('zstd', ['-c'], { input: bytes })
const zstdFrames = (bytes: Uint8Array): Buffer =>
  Buffer.concat([zstd(bytes.subarray(0, 700)), zstd(bytes.subarray(700))])
const otherTar = Buffer.alloc(2048)

/**
 * Writes an OCI image layout with an image of one layer, whose diffID is that of `emptyTar` unless another is
 * given.
 */
function writeLayout(blob: Uint8Array, mediaType: string, diffID: string = sha256(emptyTar)): string {
  const store = memoryStore()
  const image = writeImage(store, {
    config: {},
    layers: [{ diffID: diffID as DiffID, descriptor: store.put(blob, mediaType) }],
    history: [{}],
    platform: { os: 'linux', architecture: 'amd64' },
  })
  const directory = temporaryDirectory()
  mkdirSync(join(directory, 'blobs/sha256'), { recursive: true })
  for (const [digest, bytes] of store.blobs) writeFileSync(join(directory, 'blobs/sha256', digest.slice(7)), bytes)
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const annotations = { 'io.containerd.image.name': NAME }
  writeFileSync(join(directory, 'index.json'), indexBytes([{ ...image.descriptor, annotations }]))
  return directory
}

test.skipIf(!requires('zstd')).each<[string, () => Uint8Array, string]>([
  ['gzip', () => gzipSync(emptyTar), OCI_LAYER_GZIP],
  ['zstd', () => zstd(emptyTar), OCI_LAYER_ZSTD],
  ['zstd in several frames', () => zstdFrames(emptyTar), OCI_LAYER_ZSTD],
])('an image whose layer is %s gets its name if the layer matches', async (_, blob, mediaType) => {
  const store = openStore(temporaryDirectory())
  expect(await loadImages(store, writeLayout(blob(), mediaType))).toMatchObject([{ names: [NAME] }])
  expect(store.references.list().map(({ name }) => name)).toEqual([NAME])
})

test.skipIf(!requires('zstd')).each<[string, () => Uint8Array, string]>([
  ['gzip', () => gzipSync(otherTar), OCI_LAYER_GZIP],
  ['zstd', () => zstd(otherTar), OCI_LAYER_ZSTD],
  ['zstd in several frames', () => zstdFrames(otherTar), OCI_LAYER_ZSTD],
])('an image whose %s layer has another diffID is refused', async (_, blob, mediaType) => {
  const store = openStore(temporaryDirectory())
  await expect(loadImages(store, writeLayout(blob(), mediaType))).rejects.toMatchObject({
    code: 'IMAGE_INVALID',
    message: expect.stringMatching(/: layers\[0\]: expected diffID sha256:\w+, got sha256:\w+$/),
  })
  expect(store.references.list()).toEqual([])
})

test.each<[string, Uint8Array, string, string | undefined, { code: string; message: RegExp }]>([
  [
    'needs a dictionary',
    Buffer.from('28b52ffd010007', 'hex'),
    OCI_LAYER_ZSTD,
    undefined,
    { code: 'ARCHIVE_UNSUPPORTED', message: /: the diffID is not checked: zstd data that needs a dictionary$/ },
  ],
  [
    'has a diffID of another algorithm',
    gzipSync(emptyTar),
    OCI_LAYER_GZIP,
    `sha512:${'0'.repeat(128)}`,
    { code: 'UNSUPPORTED', message: /: layers\[0\]: the diffID sha512:0+ is not checked, since it is not a sha256$/ },
  ],
  [
    'is encrypted',
    gzipSync(emptyTar),
    `${OCI_LAYER_GZIP}+encrypted`,
    undefined,
    { code: 'IMAGE_INVALID', message: /: layers\[0\] is encrypted: its media type is ".*\+encrypted"$/ },
  ],
  [
    'is of an unknown media type',
    gzipSync(emptyTar),
    'application/x-layer',
    undefined,
    { code: 'IMAGE_INVALID', message: /: layers\[0\] has the unknown media type "application\/x-layer"$/ },
  ],
])('an image is refused if its layer %s', async (_, blob, mediaType, diffID, { code, message }) => {
  const store = openStore(temporaryDirectory())
  await expect(loadImages(store, writeLayout(blob, mediaType, diffID))).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
  expect(store.references.list()).toEqual([])
})

test('an image is refused if a foreign layer is not in the archive', async () => {
  const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
  const blob = gzipSync(emptyTar)
  const layout = writeLayout(blob, foreign)
  rmSync(join(layout, 'blobs/sha256', sha256(blob).slice(7)))
  const store = openStore(temporaryDirectory())
  await expect(loadImages(store, layout)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
  expect(store.references.list()).toEqual([])
})
