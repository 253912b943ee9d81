import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeEach, expect, test } from 'vitest'
import { openStore, type Store } from '../../lib/cache/store.ts'
import { exportImage } from '../../lib/export/export-image.ts'
import type { FileOutput } from '../../lib/export/output.ts'
import { validateImage } from '../../lib/images/validate-image.ts'
import { openLayout } from '../../lib/oci/layout.ts'
import type { Image } from '../../lib/oci/types.ts'
import { oneImage } from '../../lib/oci/write-index.ts'
import { fileEntry, layeredImage } from '../support/layered-image.ts'
import { requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const APP = 'docker.io/library/app:1.2'

let directory: string
let store: Store
let image: Image

beforeEach(async () => {
  directory = temporaryDirectory()
  store = openStore(join(directory, 'store'))
  image = await layeredImage(store)
})

const path = (name: string): string => join(directory, name)
const run = (...command: [string, ...string[]]): string => {
  const { status, stdout, stderr } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
  return stdout
}

test('an OCI archive is a layout in a tar, with the names of the image', async () => {
  const exported = await exportImage(
    oneImage(image),
    { type: 'oci', dest: path('app.tar'), name: 'app:1.2,ghcr.io/me/app' },
    { store },
  )
  expect(exported).toEqual({ type: 'oci', destination: path('app.tar'), size: statSync(path('app.tar')).size })
  mkdirSync(path('x'))
  run('tar', '-xf', path('app.tar'), '-C', path('x'))
  const layout = openLayout(path('x'))
  expect(layout.manifests.map((entry) => [entry.digest, entry.platform, entry.annotations])).toEqual(
    [
      [APP, '1.2'],
      ['ghcr.io/me/app:latest', 'latest'],
    ].map(([name, tag]) => [
      image.descriptor.digest,
      { os: 'linux', architecture: 'amd64' },
      {
        'io.containerd.image.name': name,
        'org.opencontainers.image.created': '2024-01-02T03:04:05Z',
        'org.opencontainers.image.ref.name': tag,
      },
    ]),
  )
  expect(await validateImage(layout, layout.find('1.2'))).toMatchObject({ valid: true, blobs: 4 })
})

test.each<FileOutput['type']>(['oci', 'docker', 'tar'])(
  'the same image gives the same %s archive, sorted and without times',
  async (type) => {
    for (const name of ['a.tar', 'b.tar'])
      await exportImage(oneImage(image), { type, dest: path(name) }, { store, names: [APP] })
    expect(readFileSync(path('a.tar')).equals(readFileSync(path('b.tar')))).toBe(true)
    const names = run('tar', '-tf', path('a.tar')).trim().split('\n')
    expect(names).toEqual([...names].sort())
    if (type !== 'tar') expect(run('tar', '--utc', '-tvf', path('a.tar'))).not.toMatch(/ (?!1970-01-01)\d{4}-/)
  },
)

test('an image without a name is in the archive without one', async () => {
  await exportImage(oneImage(image), { type: 'oci', dest: path('x'), tar: false }, { store })
  expect(openLayout(path('x')).manifests[0]?.annotations).toEqual({
    'org.opencontainers.image.created': '2024-01-02T03:04:05Z',
  })
})

test('a layout directory is written whole, and takes further images', async () => {
  const dest = path('layout')
  const other = await layeredImage(store, { layers: [[fileEntry('x', 'y')]] })
  await exportImage(oneImage(image), { type: 'oci', dest, tar: false, name: 'app:1.2' }, { store })
  await exportImage(oneImage(other), { type: 'oci', dest, tar: false, name: 'other' }, { store })
  await exportImage(oneImage(other), { type: 'oci', dest, tar: false }, { store })
  await exportImage(oneImage(image), { type: 'oci', dest, tar: false }, { store })
  const layout = openLayout(dest)
  expect(layout.find('app:1.2').digest).toBe(image.descriptor.digest)
  expect(layout.find('other').digest).toBe(other.descriptor.digest)
  expect(layout.manifests.length).toBe(3)
  await exportImage(oneImage(other), { type: 'oci', dest, tar: false, name: 'app:1.2' }, { store })
  expect(openLayout(dest).find('app:1.2').digest).toBe(other.descriptor.digest)
  expect(readdirSync(dest).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
  expect(readdirSync(join(dest, 'blobs/sha256')).every((name) => /^[0-9a-f]{64}$/.test(name))).toBe(true)
})

test('a directory of something else is not turned into a layout', async () => {
  mkdirSync(path('docs'))
  writeFileSync(path('docs/thesis'), '')
  const exporting = exportImage(oneImage(image), { type: 'oci', dest: path('docs'), tar: false }, { store })
  await expect(exporting).rejects.toMatchObject({ code: 'OUTPUT_IO' })
  expect(readdirSync(path('docs'))).toEqual(['thesis'])
})

test('the root file system is one tar, with what the layers hide left out', async () => {
  await exportImage(oneImage(image), { type: 'tar', dest: path('root.tar') }, { store })
  expect(run('tar', '-tf', path('root.tar')).trim().split('\n')).toEqual(['app/', 'app/link', 'app/main'])
  expect(run('tar', '-xOf', path('root.tar'), 'app/main')).toBe('#!/bin/sh\necho 2\n')
})

test('the root file system is files below a directory, beside what is there', async () => {
  mkdirSync(path('out/app'), { recursive: true })
  writeFileSync(path('out/app/mine'), 'mine')
  await exportImage(oneImage(image), { type: 'local', dest: path('out') }, { store })
  expect(readdirSync(path('out/app')).sort()).toEqual(['link', 'main', 'mine'])
  expect(readFileSync(path('out/app/main'), 'utf8')).toContain('echo 2')
  expect(lstatSync(path('out/app/main'))).toMatchObject({ mtimeMs: 1_700_000_000_000 })
  expect(lstatSync(path('out/app/main')).mode & 0o777).toBe(0o755)
  expect(readlinkSync(path('out/app/link'))).toBe('main')
})

test('an archive goes to standard output, and waits for its reader', async () => {
  const stdout = new PassThrough({ highWaterMark: 1 })
  const chunks: Buffer[] = []
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const { size } = await exportImage(oneImage(image), { type: 'docker', dest: '-' }, { store, stdout })
  stdout.end()
  writeFileSync(path('piped.tar'), Buffer.concat(chunks))
  expect(statSync(path('piped.tar')).size).toBe(size)
  expect(run('tar', '-tf', path('piped.tar'))).toContain('manifest.json\n')
})

test('a reader that goes away is an error, not a hang', async () => {
  const stdout = new PassThrough({ highWaterMark: 1 })
  stdout.on('data', () => stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' })))
  const exporting = exportImage(oneImage(image), { type: 'oci', dest: '-' }, { store, stdout })
  await expect(exporting).rejects.toMatchObject({ code: 'OUTPUT_IO' })
})

test('a damaged layer fails the export, and nothing of it is left', async () => {
  const [layer] = image.layers
  if (!layer) throw new Error('no layer')
  writeFileSync(store.path(layer.descriptor.digest), 'damaged')
  const exporting = exportImage(oneImage(image), { type: 'oci', dest: path('layout'), tar: false }, { store })
  await expect(exporting).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  expect(readdirSync(directory)).toEqual(['store'])
})

test('a symlink to a file stays one, and missing directories are made', async () => {
  writeFileSync(path('real.tar'), '')
  symlinkSync('real.tar', path('link.tar'))
  await exportImage(oneImage(image), { type: 'oci', dest: path('link.tar') }, { store })
  await exportImage(oneImage(image), { type: 'oci', dest: path('a/b/c.tar') }, { store })
  expect(lstatSync(path('link.tar')).isSymbolicLink()).toBe(true)
  expect(readFileSync(path('real.tar')).equals(readFileSync(path('a/b/c.tar')))).toBe(true)
})

test.each<FileOutput>([
  { type: 'oci', dest: '.' },
  { type: 'tar', dest: 'file/x.tar' },
  { type: 'oci', dest: 'file', tar: false },
  { type: 'oci', dest: 'file/x', tar: false },
  { type: 'local', dest: 'file' },
])('%j can not be written and says so', async (output) => {
  writeFileSync(path('file'), '')
  const exporting = exportImage(oneImage(image), { ...output, dest: path(String(output.dest)) }, { store })
  await expect(exporting).rejects.toMatchObject({ code: 'OUTPUT_IO' })
  expect(readdirSync(directory).sort()).toEqual(['file', 'store'])
})

test.each<FileOutput>([
  { type: 'oci', dest: 'x' },
  { type: 'oci', dest: 'x', tar: false },
  { type: 'docker', dest: 'x' },
])('an aborted export of %j leaves nothing', async (output) => {
  const reason = new Error('stop')
  const exporting = exportImage(
    oneImage(image),
    { ...output, dest: path('x') },
    { store, signal: AbortSignal.abort(reason) },
  )
  await expect(exporting).rejects.toBe(reason)
  expect(existsSync(path('x'))).toBe(false)
  expect(readdirSync(directory)).toEqual(['store'])
})

test.skipIf(!requires('skopeo'))('skopeo reads every form of archive', async () => {
  await exportImage(oneImage(image), { type: 'oci', dest: path('oci.tar'), name: APP }, { store })
  await exportImage(oneImage(image), { type: 'oci', dest: path('oci'), name: APP, tar: false }, { store })
  await exportImage(oneImage(image), { type: 'docker', dest: path('docker.tar'), name: APP }, { store })
  const inspect = (name: string): { Digest: string; Env: string[]; Layers: string[] } =>
    JSON.parse(run('skopeo', 'inspect', name))
  expect(inspect(`oci-archive:${path('oci.tar')}:1.2`)).toMatchObject({
    Digest: image.descriptor.digest,
    Env: ['PATH=/app'],
  })
  expect(inspect(`oci:${path('oci')}:1.2`)).toMatchObject({ Digest: image.descriptor.digest })
  expect(inspect(`docker-archive:${path('docker.tar')}:app:1.2`).Layers.length).toBe(2)
  run('skopeo', 'copy', '--insecure-policy', `docker-archive:${path('docker.tar')}:app:1.2`, `oci:${path('copied')}:x`)
  const copied = openLayout(path('copied'))
  expect((await validateImage(copied, copied.find('x'))).problems).toEqual([])
})

test.skipIf(!requires('umoci'))('umoci unpacks what was exported', async () => {
  await exportImage(oneImage(image), { type: 'oci', dest: path('oci'), name: APP, tar: false }, { store })
  run('umoci', 'unpack', '--rootless', '--image', `${path('oci')}:1.2`, path('bundle'))
  expect(readFileSync(path('bundle/rootfs/app/main'), 'utf8')).toContain('echo 2')
  expect(existsSync(path('bundle/rootfs/app/old'))).toBe(false)
})
