import { expect, test } from 'vitest'
import { indexBytes } from '../../lib/oci/manifest.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../../lib/oci/media-types.ts'
import { parsePlatform } from '../../lib/oci/platform.ts'
import { readImage } from '../../lib/oci/read-image.ts'
import type { Descriptor } from '../../lib/oci/types.ts'
import { memoryStore, putImage } from '../support/memory-store.ts'

const amd64 = parsePlatform('linux/amd64')
const arm64 = parsePlatform('linux/arm64')

test('an image is read as it was written', async () => {
  const store = memoryStore()
  const image = putImage(store, [Buffer.from('a'), Buffer.from('b')])
  expect(await readImage(store, image.descriptor, amd64)).toEqual(image)
})

test('an image outside of an index is taken whatever its platform', async () => {
  const store = memoryStore()
  const image = putImage(store, [])
  expect((await readImage(store, image.descriptor, arm64)).config.architecture).toBe('amd64')
})

test('an index leads to the image for the platform, also where only the configs tell', async () => {
  const store = memoryStore()
  const images = [amd64, arm64].map((platform) => putImage(store, [], { platform }))
  const attestation = {
    ...putImage(store, [Buffer.from('x')]).descriptor,
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  }
  for (const withPlatform of [true, false]) {
    const entries = images.map(({ descriptor: { platform, ...rest } }) =>
      withPlatform && platform ? { ...rest, platform } : rest,
    )
    const index = store.put(indexBytes([attestation, ...entries]), OCI_INDEX)
    expect((await readImage(store, index, arm64)).config.architecture).toBe('arm64')
    expect((await readImage(store, index, amd64)).config.architecture).toBe('amd64')
    await expect(readImage(store, index, parsePlatform('linux/s390x'))).rejects.toMatchObject({
      code: 'PLATFORM_NOT_FOUND',
      hint: 'it has linux/amd64, linux/arm64',
    })
  }
})

test('an index in an index is followed, but not for ever', async () => {
  const store = memoryStore()
  let descriptor: Descriptor = putImage(store, []).descriptor
  for (let depth = 0; depth < 6; depth++) {
    descriptor = store.put(indexBytes([descriptor]), OCI_INDEX)
    const reading = readImage(store, descriptor, amd64)
    if (depth < 4) expect((await reading).config.os).toBe('linux')
    else await expect(reading).rejects.toMatchObject({ code: 'MANIFEST_INVALID' })
  }
})

test('an artifact that is no image is refused', async () => {
  const store = memoryStore()
  const config = store.put(Buffer.from('{}'), 'application/vnd.example+json')
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] }))
  await expect(readImage(store, store.put(bytes, OCI_MANIFEST), amd64)).rejects.toMatchObject({ code: 'IMAGE_INVALID' })
})

test('layers and diff_ids that can not be paired are refused', async () => {
  const store = memoryStore()
  const { manifest } = putImage(store, [Buffer.from('a')])
  const bytes = Buffer.from(JSON.stringify({ ...manifest, layers: [] }))
  await expect(readImage(store, store.put(bytes, OCI_MANIFEST), amd64)).rejects.toThrow(
    /has 0 layers, but its config has 1/,
  )
})

test('a blob that is missing or spoilt is an error of its own', async () => {
  const store = memoryStore()
  const image = putImage(store, [])
  store.blobs.set(image.manifest.config.digest, Buffer.alloc(image.manifest.config.size))
  await expect(readImage(store, image.descriptor, amd64)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  store.blobs.delete(image.manifest.config.digest)
  await expect(readImage(store, image.descriptor, amd64)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
})
