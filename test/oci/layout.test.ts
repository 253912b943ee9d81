import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { digestPath } from '../../lib/oci/digest.ts'
import { openLayout, parseLayoutReference } from '../../lib/oci/layout.ts'
import { indexBytes } from '../../lib/oci/manifest.ts'
import { defaultPlatform } from '../../lib/oci/platform.ts'
import { readImage } from '../../lib/oci/read-image.ts'
import type { Descriptor, Image } from '../../lib/oci/types.ts'
import { memoryStore, putImage } from '../support/memory-store.ts'

let directory: string
let image: Image

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsbuild-layout-'))
  const store = memoryStore()
  image = putImage(store, [Buffer.from('a')])
  mkdirSync(join(directory, 'blobs/sha256'), { recursive: true })
  for (const [digest, bytes] of store.blobs) writeFileSync(join(directory, digestPath(digest)), bytes)
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  writeIndex([image.descriptor])
})

afterEach(() => rmSync(directory, { recursive: true }))

test('an image is read from a layout, verified', async () => {
  const layout = openLayout(directory)
  expect(await readImage(layout, layout.find(), defaultPlatform())).toEqual(image)
  const [layer] = image.layers
  if (!layer) throw new Error('no layer')
  writeFileSync(join(directory, digestPath(layer.descriptor.digest)), 'spoilt')
  expect(layout.has(layer.descriptor.digest)).toBe(true)
  await expect(drain(layout.open(layer.descriptor))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
})

test('an image is found by tag, by name and by digest', () => {
  writeIndex([named('v1', 'docker.io/library/app:v1'), { ...named('latest'), size: 1 }])
  const layout = openLayout(directory)
  expect(layout.find().size).toBe(1)
  expect(layout.find('v1').size).toBe(image.descriptor.size)
  expect(layout.find('app:v1').size).toBe(image.descriptor.size)
  expect(layout.find('docker.io/library/app:v1').size).toBe(image.descriptor.size)
  expect(layout.find(image.descriptor.digest).digest).toBe(image.descriptor.digest)
})

test('an image that index.json does not list is found by digest', () => {
  writeIndex([])
  const found = openLayout(directory).find(image.descriptor.digest)
  expect(found).toEqual({
    mediaType: image.descriptor.mediaType,
    digest: image.descriptor.digest,
    size: image.descriptor.size,
  })
})

test('what is not there is said with what is', () => {
  writeIndex([named('stable'), named('testing')])
  const layout = openLayout(directory)
  const error = (hint: unknown) => expect.objectContaining({ code: 'IMAGE_NOT_FOUND', hint })
  expect(() => layout.find()).toThrow(error('choose one: stable, testing'))
  expect(() => layout.find('stabel')).toThrow(error('did you mean "stable"?'))
  expect(() => layout.find('Not A Name')).toThrow(error('it has stable, testing'))
  expect(() => layout.find(`sha256:${'0'.repeat(64)}`)).toThrow(error(undefined))
  writeIndex([])
  expect(() => openLayout(directory).find()).toThrow(error(undefined))
})

test.each<[string, () => void]>([
  ['no such directory', () => rmSync(join(directory, 'oci-layout'))],
  ['no index.json', () => rmSync(join(directory, 'index.json'))],
  ['an unknown version', () => writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}')],
  ['a version file that is no JSON', () => writeFileSync(join(directory, 'oci-layout'), 'x')],
  ['an index that is no JSON', () => writeFileSync(join(directory, 'index.json'), '{')],
  [
    'an index of the wrong shape',
    () => writeFileSync(join(directory, 'index.json'), '{"schemaVersion":2,"manifests":[1]}'),
  ],
  [
    'an index that is a manifest',
    () => writeFileSync(join(directory, 'index.json'), '{"schemaVersion":2,"layers":[]}'),
  ],
])('%s is no layout', (_, spoil) => {
  spoil()
  expect(() => openLayout(directory)).toThrow(expect.objectContaining({ code: 'LAYOUT_INVALID' }))
})

const D = `sha256:${'0'.repeat(64)}`

test.each([
  ['oci-layout://dir', 'dir', undefined],
  ['oci-layout:///a/b:v1.2', '/a/b', 'v1.2'],
  [`dir@${D}`, 'dir', D],
  [`oci-layout://a@b/c@${D}`, 'a@b/c', D],
  ['a:b/c', 'a:b/c', undefined],
  ['./a@b', './a@b', undefined],
])('%s is directory %s with reference %s', (text, path, reference) => {
  expect(parseLayoutReference(text)).toEqual({ directory: path, reference })
})

test('a digest that is none is refused', () => {
  expect(() => parseLayoutReference('dir@sha256:12')).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }))
})

function writeIndex(manifests: readonly Descriptor[]): void {
  writeFileSync(join(directory, 'index.json'), indexBytes(manifests))
}

function named(refName: string, imageName?: string): Descriptor {
  const annotations = {
    'org.opencontainers.image.ref.name': refName,
    ...(imageName ? { 'io.containerd.image.name': imageName } : {}),
  }
  return { ...image.descriptor, annotations }
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of source) expect(chunk.byteLength).toBeGreaterThan(0)
}
