import { expect, test } from 'vitest'
import { sha256 } from '../../lib/oci/digest.ts'
import { indexBytes, writeImage } from '../../lib/oci/manifest.ts'
import { DOCKER_LAYER_GZIP, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../lib/oci/media-types.ts'
import { parseManifest } from '../../lib/oci/parse-manifest.ts'
import type { DiffID } from '../../lib/oci/types.ts'
import { memoryStore, putImage } from '../support/memory-store.ts'

const digest = sha256('blob')
const descriptor = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 4 }
const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers: [] }

test('a manifest is written as BuildKit writes it, indented by two', () => {
  const store = memoryStore()
  const image = putImage(store, [Buffer.from('a')], { annotations: { z: '1', a: '2' } })
  const [layer] = image.layers
  expect(Buffer.from(store.blobs.get(image.descriptor.digest) ?? []).toString()).toBe(`{
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.manifest.v1+json",
  "config": {
    "mediaType": "application/vnd.oci.image.config.v1+json",
    "digest": "${image.manifest.config.digest}",
    "size": ${image.manifest.config.size}
  },
  "layers": [
    {
      "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
      "digest": "${layer?.descriptor.digest}",
      "size": ${layer?.descriptor.size}
    }
  ],
  "annotations": {
    "a": "2",
    "z": "1"
  }
}`)
})

test('the same parts give the same image', () => {
  const make = (): unknown => putImage(memoryStore(), [Buffer.from('a'), Buffer.from('b')])
  expect(make()).toEqual(make())
})

test("layers of Docker's types become OCI's", () => {
  const store = memoryStore()
  const image = writeImage(store, {
    config: {},
    layers: [{ descriptor: { ...descriptor, mediaType: DOCKER_LAYER_GZIP }, diffID: digest as DiffID }],
    history: [],
    platform: { os: 'linux', architecture: 'amd64' },
  })
  expect(image.manifest.layers[0]?.mediaType).toBe(OCI_LAYER_GZIP)
})

test('an index is parsed back as it was written', () => {
  const entry = {
    mediaType: OCI_MANIFEST,
    digest,
    size: 4,
    platform: { architecture: 'arm', os: 'linux', variant: 'v7' },
    annotations: { a: 'b' },
  }
  const parsed = parseManifest(indexBytes([entry], { x: 'y' }), 'it')
  expect(parsed).toMatchObject({ kind: 'index', index: { manifests: [entry], annotations: { x: 'y' } } })
})

test.each<[unknown, RegExp]>([
  [null, /must be an object/],
  [{}, /schemaVersion must be 2, got nothing/],
  [{ schemaVersion: 1 }, /schema 1/],
  [{ ...manifest, manifests: [] }, /either a manifest or an index, got both/],
  [{ ...manifest, mediaType: 'text/plain' }, /type of an image manifest or index/],
  [{ ...manifest, config: undefined }, /must be|config/],
  [{ ...manifest, config: { ...descriptor, size: -1 } }, /config\.size must be at least 0/],
  [{ ...manifest, config: { ...descriptor, size: 1e300 } }, /config\.size must be a whole number/],
  [{ ...manifest, config: { ...descriptor, size: '4' } }, /config\.size must be a whole number, got "4"/],
  [{ ...manifest, config: { ...descriptor, digest: 'sha256:../../x' } }, /config\.digest must be a sha256/],
  [{ ...manifest, layers: [7] }, /layers\[0\] must be an object, got 7/],
  [{ ...manifest, layers: {} }, /layers must be an array/],
  [{ ...manifest, layers: Array(1025).fill(descriptor) }, /layers must be at most 1024/],
  [{ ...manifest, annotations: { a: 1 } }, /annotations\.a must be a string/],
  [{ schemaVersion: 2, manifests: [{ ...descriptor, platform: 'linux' }] }, /platform must be an object/],
])('%j is refused', (value, message) => {
  expect(() => parseManifest(Buffer.from(JSON.stringify(value)), 'it')).toThrow(message)
})

test('a manifest is not taken for the index that its descriptor announced', () => {
  const bytes = Buffer.from(JSON.stringify({ ...manifest, mediaType: undefined }))
  expect(() => parseManifest(bytes, 'it', 'application/vnd.oci.image.index.v1+json')).toThrow(
    expect.objectContaining({ code: 'MANIFEST_INVALID' }),
  )
})
