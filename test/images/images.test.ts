import { spawnSync } from 'node:child_process'
import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { type DiskStore, openStore } from '../../lib/cache/store.ts'
import { exportImage } from '../../lib/export/export-image.ts'
import { resolveStored } from '../../lib/images/find-stored.ts'
import { historyOf } from '../../lib/images/image-history.ts'
import { listImages } from '../../lib/images/list-images.ts'
import { loadImages } from '../../lib/images/load-images.ts'
import { removeImage } from '../../lib/images/remove-image.ts'
import { saveImages } from '../../lib/images/save-images.ts'
import { tagImage } from '../../lib/images/tag-image.ts'
import { validateImage } from '../../lib/images/validate-image.ts'
import { indexBytes, writeImage } from '../../lib/oci/manifest.ts'
import { OCI_INDEX } from '../../lib/oci/media-types.ts'
import type { Image } from '../../lib/oci/types.ts'
import { oneImage } from '../../lib/oci/write-index.ts'
import { fileEntry, layeredImage } from '../support/layered-image.ts'
import { requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const APP = 'docker.io/library/app:latest'
const OTHER = 'ghcr.io/me/other:v1'

let directory: string
let store: DiskStore
let other: DiskStore
let image: Image

beforeEach(async () => {
  directory = temporaryDirectory()
  store = openStore(join(directory, 'store'))
  other = openStore(join(directory, 'other'))
  image = await layeredImage(store)
  store.references.set(APP, image.descriptor)
})

const path = (name: string): string => join(directory, name)
const run = (...command: [string, ...string[]]): void => {
  const { status, stderr } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
}

test('images are listed with their names, IDs and sizes, the unreadable ones with their problem', async () => {
  store.references.set(OTHER, { ...image.descriptor, digest: `sha256:${'0'.repeat(64)}` })
  const size = [image.descriptor, image.manifest.config, ...image.manifest.layers].reduce((sum, d) => sum + d.size, 0)
  expect(await listImages(store)).toEqual([
    {
      name: APP,
      shortName: 'app:latest',
      digest: image.descriptor.digest,
      details: {
        imageID: image.manifest.config.digest,
        platform: 'linux/amd64',
        created: '2024-01-02T03:04:05.678Z',
        size,
      },
    },
    {
      name: OTHER,
      shortName: OTHER,
      digest: `sha256:${'0'.repeat(64)}`,
      problem: expect.objectContaining({ code: 'BLOB_NOT_FOUND' }),
    },
  ])
})

test('an image is found by name, digest, image ID, and the start of either', async () => {
  const { digest } = image.descriptor
  const id = image.manifest.config.digest
  for (const asked of [
    'app',
    'app:latest',
    APP,
    digest,
    digest.slice(0, 15),
    digest.slice(7, 13),
    id,
    id.slice(7, 19),
  ]) {
    expect(await resolveStored(store, asked)).toEqual({ name: APP, descriptor: image.descriptor, image })
  }
})

test('an image without a name is found by its full digest or image ID', async () => {
  store.references.remove(APP)
  const { platform: _, ...descriptor } = image.descriptor
  expect(await resolveStored(store, descriptor.digest)).toMatchObject({ name: undefined, descriptor })
  expect(await resolveStored(store, image.manifest.config.digest)).toMatchObject({ name: undefined, descriptor })
  for (const other of [image.layers[0]?.descriptor.digest, `sha256:${'0'.repeat(64)}`]) {
    await expect(resolveStored(store, other ?? '')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  }
  store.writeDerived('manifest', image.manifest.config.digest, Buffer.from('damaged'))
  await expect(resolveStored(store, image.manifest.config.digest)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
})

test.each([
  ['ap', 'did you mean "app"?'],
  ['app:lates', 'did you mean "app:latest"?'],
  ['completely-different', '"tsbuild images" lists the images of the store'],
  ['Not A Name!', '"tsbuild images" lists the images of the store'],
  ['', '"tsbuild images" lists the images of the store'],
])('%j is not found, with a hint', async (asked, hint) => {
  await expect(resolveStored(store, asked)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND', hint })
})

test('a start that several digests have is refused', async () => {
  const descriptors = ['a', 'b'].map((tail) => ({
    ...image.descriptor,
    digest: `sha256:abcd${tail.repeat(60)}` as const,
  }))
  for (const [i, descriptor] of descriptors.entries()) store.references.set(`docker.io/library/x:${i}`, descriptor)
  await expect(resolveStored(store, 'abcd')).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
    message: expect.stringContaining('2 digests'),
  })
})

test('an image gets further names, and loses them one by one or all at once', async () => {
  expect(await tagImage(store, 'app', 'ghcr.io/me/other:v1')).toBe(OTHER)
  await expect(tagImage(store, image.descriptor.digest, `x@${image.descriptor.digest}`)).rejects.toMatchObject({
    code: 'REFERENCE_INVALID',
  })
  expect(await tagImage(store, image.descriptor.digest, 'third')).toBe('docker.io/library/third:latest')
  expect(await removeImage(store, 'app')).toEqual({ names: [APP], deleted: [], reclaimed: 0 })
  await expect(removeImage(store, 'app')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  expect(await removeImage(store, image.descriptor.digest.slice(7, 20))).toMatchObject({
    names: ['docker.io/library/third:latest', OTHER],
  })
  expect(store.references.list()).toEqual([])
})

test('the history is told newest first, with the layers where they belong', () => {
  const [first, second] = image.layers
  expect(historyOf(image).map(({ createdBy, layer }) => [createdBy, layer?.diffID])).toEqual([
    ['COPY 1 /app', second?.diffID],
    ['COPY 0 /app', first?.diffID],
    ['ENV PATH=/app', undefined],
  ])
  const { history: _, ...config } = image.config
  expect(historyOf({ ...image, config }).map(({ layer }) => layer?.diffID)).toEqual([second?.diffID, first?.diffID])
})

test.each(['docker', 'oci'] as const)(
  'images saved as %s are loaded elsewhere, the same to the byte',
  async (format) => {
    const second = await layeredImage(store, { layers: [[fileEntry('x', 'y')]] })
    store.references.set(OTHER, second.descriptor)
    await tagImage(store, 'app', 'app:again')
    await saveImages(store, ['app', 'app:again', OTHER], { dest: path('saved.tar'), format })
    const loaded = await loadImages(other, path('saved.tar'))
    expect(loaded.map(({ descriptor, names }) => [descriptor.digest, names])).toEqual([
      [image.descriptor.digest, [APP, 'docker.io/library/app:again']],
      [second.descriptor.digest, [OTHER]],
    ])
    expect(other.references.find(OTHER)?.digest).toBe(second.descriptor.digest)
    expect((await resolveStored(other, 'app')).image.config).toEqual(image.config)
  },
)

test('an archive is loaded from a stream, compressed or not, and from a directory', async () => {
  await exportImage(oneImage(image), { type: 'oci', dest: path('app.tar'), name: 'app' }, { store })
  run('gzip', '-k', path('app.tar'))
  await exportImage(oneImage(image), { type: 'oci', dest: path('layout'), name: 'app', tar: false }, { store })
  for (const source of [
    createReadStream(path('app.tar')),
    path('app.tar.gz'),
    createReadStream(path('app.tar.gz')),
    path('layout'),
  ]) {
    rmSync(path('other'), { recursive: true })
    other = openStore(path('other'))
    expect(await loadImages(other, source)).toMatchObject([
      { names: [APP], descriptor: { digest: image.descriptor.digest } },
    ])
  }
})

test('an archive goes to a stream', async () => {
  const stdout = new PassThrough()
  const loading = loadImages(other, stdout)
  await saveImages(store, ['app'], { dest: '-', format: 'oci', stdout })
  stdout.end()
  expect((await loading)[0]?.names).toEqual([APP])
})

test('an index is loaded with the platforms that are there', async () => {
  const arm = await layeredImage(other, { platform: { os: 'linux', architecture: 'arm64' } })
  const index = store.put(indexBytes([image.descriptor, arm.descriptor]), OCI_INDEX)
  store.references.set(OTHER, index)
  await saveImages(store, [OTHER], { dest: path('saved.tar'), format: 'oci' })
  const third = openStore(path('third'))
  expect(await loadImages(third, path('saved.tar'))).toMatchObject([
    { descriptor: { digest: index.digest }, names: [OTHER] },
  ])
  expect((await resolveStored(third, OTHER)).image.config.architecture).toBe('amd64')
})

test('the old form of docker save is loaded with the same image ID', async () => {
  const old = path('old')
  mkdirSync(join(old, 'layer0'), { recursive: true })
  const id = image.manifest.config.digest.slice(7)
  writeFileSync(join(old, `${id}.json`), await store.read(image.manifest.config))
  for (const [i, layer] of image.layers.entries()) {
    mkdirSync(join(old, `layer${i}`), { recursive: true })
    run('sh', '-c', `gzip -dc < ${store.path(layer.descriptor.digest)} > ${join(old, `layer${i}`, 'layer.tar')}`)
  }
  // Docker wrote a layer that repeats as a link.
  run('sh', '-c', `cd ${old} && mkdir again && ln -s ../layer1/layer.tar again/layer.tar`)
  const manifest = [{ Config: `${id}.json`, RepoTags: ['app:old'], Layers: ['layer0/layer.tar', 'again/layer.tar'] }]
  writeFileSync(join(old, 'manifest.json'), JSON.stringify(manifest))
  run('tar', '-C', old, '-cf', path('old.tar'), '.')
  const [loaded] = await loadImages(other, path('old.tar'))
  expect(loaded?.names).toEqual(['docker.io/library/app:old'])
  const found = await resolveStored(other, 'app:old')
  expect(found.image.manifest.config.digest).toBe(image.manifest.config.digest)
  expect(found.image.layers.map((layer) => layer.diffID)).toEqual(image.layers.map((layer) => layer.diffID))
})

test.each<[string, string, string]>([
  ['nothing', 'true', 'ARCHIVE_INVALID'],
  ['neither form', 'echo x > file', 'ARCHIVE_INVALID'],
  ['manifest.json that is no JSON', 'echo "[" > manifest.json', 'ARCHIVE_INVALID'],
  ['manifest.json of the wrong shape', 'echo \'[{"Config":1}]\' > manifest.json', 'ARCHIVE_INVALID'],
  ['a config that is not there', 'echo \'[{"Config":"../../etc/passwd"}]\' > manifest.json', 'ARCHIVE_INVALID'],
  ['a link out of it', 'ln -s /etc/passwd c && echo \'[{"Config":"c"}]\' > manifest.json', 'ARCHIVE_INVALID'],
  ['a link to itself', 'ln -s c c && echo \'[{"Config":"c"}]\' > manifest.json', 'ARCHIVE_INVALID'],
  [
    'a layout without images',
    `echo '{"imageLayoutVersion":"1.0.0"}' > oci-layout && echo '{"schemaVersion":2,"manifests":[]}' > index.json`,
    'IMAGE_NOT_FOUND',
  ],
  ['a layout of another version', 'echo {} > oci-layout && echo {} > index.json', 'LAYOUT_INVALID'],
])('an archive with %s is refused', async (_, make, code) => {
  mkdirSync(path('bad'))
  run('sh', '-c', `cd ${path('bad')} && ${make} && tar -cf ../bad.tar .`)
  await expect(loadImages(other, path('bad.tar'))).rejects.toMatchObject({ code })
  other.close()
  expect(readdirSync(join(other.root, 'tmp'))).toEqual([])
})

test('of two files with one name in an archive the last counts, and no other is touched', async () => {
  await exportImage(oneImage(image), { type: 'oci', dest: path('layout'), name: 'app', tar: false }, { store })
  run(
    'sh',
    '-c',
    `cd ${path('layout')} && echo bad > ../index.json && tar -cf ../dup.tar -C .. index.json && tar -rf ../dup.tar oci-layout index.json blobs`,
  )
  expect(await loadImages(other, path('dup.tar'))).toMatchObject([{ names: [APP] }])
})

test('what is no archive, or is not there, is refused', async () => {
  writeFileSync(path('text'), 'hello '.repeat(500))
  await expect(loadImages(other, path('text'))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
  await expect(loadImages(other, path('absent'))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
})

test('an image that does not fit together gets no name, and all that is wrong is said', async () => {
  await exportImage(oneImage(image), { type: 'oci', dest: path('layout'), name: 'app', tar: false }, { store })
  const layout = path('layout')
  const bad = { ...image.manifest, layers: [...image.manifest.layers].reverse() }
  const bytes = Buffer.from(JSON.stringify(bad))
  const descriptor = store.put(bytes, image.descriptor.mediaType)
  writeFileSync(join(layout, 'blobs/sha256', descriptor.digest.slice(7)), bytes)
  const annotations = { 'io.containerd.image.name': APP }
  writeFileSync(join(layout, 'index.json'), indexBytes([{ ...descriptor, annotations }]))
  await expect(loadImages(other, layout)).rejects.toMatchObject({
    code: 'IMAGE_INVALID',
    message: expect.stringContaining('layers[0]: expected diffID'),
    others: [expect.objectContaining({ message: expect.stringContaining('layers[1]') })],
  })
  expect(other.references.list()).toEqual([])
})

test.skipIf(!requires('skopeo'))('archives that skopeo wrote are loaded', async () => {
  await exportImage(oneImage(image), { type: 'oci', dest: path('layout'), name: 'app', tar: false }, { store })
  for (const [form, name] of [
    ['docker-archive', 'app:skopeo'],
    ['oci-archive', 'app:skopeo'],
  ]) {
    const file = path(`${form}.tar`)
    run('skopeo', 'copy', '--insecure-policy', `oci:${path('layout')}:latest`, `${form}:${file}:${name}`)
    const [loaded] = await loadImages(other, file)
    expect(loaded?.names).toEqual(['docker.io/library/app:skopeo'])
    expect((await resolveStored(other, 'app:skopeo')).image.layers.map((l) => l.diffID)).toEqual(
      image.layers.map((l) => l.diffID),
    )
  }
  expect(existsSync(path('oci-archive.tar'))).toBe(true)
})

describe('an image whose last name is removed', () => {
  const blobsOf = (of: DiskStore): number => readdirSync(join(of.root, 'blobs/sha256')).length

  test('goes with all its blobs and what was noted about them', async () => {
    const before = blobsOf(store)
    const { deleted, reclaimed } = await removeImage(store, 'app')
    expect(deleted).toContain(image.manifest.config.digest)
    expect(deleted.length).toBe(before)
    expect(reclaimed).toBeGreaterThan(0)
    expect(blobsOf(store)).toBe(0)
  })

  test('keeps the layers that another image has', async () => {
    const config = { ...image.config, author: 'another' }
    const again = writeImage(store, {
      ...image,
      config,
      history: image.config.history ?? [],
      platform: { os: 'linux', architecture: 'amd64' },
    })
    store.references.set(OTHER, again.descriptor)
    const { deleted } = await removeImage(store, 'app')
    expect(deleted.toSorted()).toEqual([image.descriptor.digest, image.manifest.config.digest].sort())
    expect(await validateImage(store, again.descriptor)).toMatchObject({ valid: true })
  })

  test('keeps all blobs with noPrune, and is listed without a name', async () => {
    const before = blobsOf(store)
    expect(await removeImage(store, 'app', { noPrune: true })).toEqual({ names: [APP], deleted: [], reclaimed: 0 })
    expect(blobsOf(store)).toBe(before)
    expect(await listImages(store)).toEqual([])
    expect(await listImages(store, { all: true })).toMatchObject([
      { name: '<none>', details: { imageID: image.manifest.config.digest } },
    ])
    // By its ID it can be removed as well.
    expect((await removeImage(store, image.manifest.config.digest)).deleted.length).toBe(before)
    expect(await listImages(store, { all: true })).toEqual([])
  })

  test('stays whole while another process reads it', async () => {
    const reading = openStore(store.root)
    const [layer] = image.layers
    expect(reading.holds(layer?.descriptor ?? image.descriptor)).toBe(true)
    await removeImage(store, 'app')
    expect(reading.has(layer?.descriptor.digest ?? image.descriptor.digest)).toBe(true)
    reading.close()
  })

  test('is no error with force if it is not there', async () => {
    expect(await removeImage(store, 'nope', { force: true })).toEqual({ names: [], deleted: [], reclaimed: 0 })
  })
})
