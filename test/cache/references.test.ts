import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { openStore, type Store } from '../../lib/cache/store.ts'
import { openLayout } from '../../lib/oci/layout.ts'
import type { Image } from '../../lib/oci/types.ts'
import { emptyTar, putImage } from '../support/memory-store.ts'
import { requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const APP = 'docker.io/library/app:latest'
const OTHER = 'ghcr.io/me/other:v1'

let root: string
let store: Store
let image: Image

beforeEach(() => {
  root = join(temporaryDirectory(), 'store')
  store = openStore(root)
  image = putImage(store, [emptyTar])
})

test('a name is set, found, replaced, listed in order and removed', () => {
  const { references } = store
  references.set(OTHER, image.descriptor)
  references.set(APP, { ...image.descriptor, size: 1 })
  references.set(APP, image.descriptor)
  expect(references.find(APP)).toEqual(image.descriptor)
  expect(references.list()).toEqual([
    { name: APP, descriptor: image.descriptor },
    { name: OTHER, descriptor: image.descriptor },
  ])
  expect(references.remove(APP)).toBe(true)
  expect(references.remove(APP)).toBe(false)
  expect(references.find(APP)).toBeUndefined()
  expect(references.list().map((r) => r.name)).toEqual([OTHER])
})

test('names are in index.json for other programs, in full and short', () => {
  store.references.set(APP, image.descriptor)
  store.references.set(OTHER, image.descriptor)
  expect(openLayout(root).manifests.map((entry) => entry.annotations)).toEqual([
    { 'io.containerd.image.name': APP, 'org.opencontainers.image.ref.name': 'app:latest' },
    { 'io.containerd.image.name': OTHER, 'org.opencontainers.image.ref.name': OTHER },
  ])
  expect(openLayout(root).find('app').digest).toBe(image.descriptor.digest)
})

test('two stores that name images at once both end up in index.json', () => {
  const second = openStore(root)
  store.references.set(APP, image.descriptor)
  second.references.set(OTHER, image.descriptor)
  store.references.set(`${APP}2`, image.descriptor)
  expect(openLayout(root).manifests.length).toBe(3)
})

test('a damaged reference is none', () => {
  store.references.set(APP, image.descriptor)
  const [file] = readdirSync(join(root, 'references'))
  for (const damage of [
    '',
    '{"name":',
    'null',
    '{"name":1}',
    `{"name":"${APP}"}`,
    `{"name":"${APP}","descriptor":{}}`,
  ]) {
    writeFileSync(join(root, 'references', file ?? ''), damage)
    expect(store.references.find(APP)).toBeUndefined()
    expect(store.references.list()).toEqual([])
  }
  store.references.set(APP, image.descriptor)
  expect(store.references.find(APP)).toEqual(image.descriptor)
})

test('a name of any length and any characters is kept', () => {
  const name = `docker.io/library/${'a/'.repeat(100)}b:${'t'.repeat(128)}`
  store.references.set(name, image.descriptor)
  store.references.set('../../escape', image.descriptor)
  expect(store.references.find(name)).toEqual(image.descriptor)
  expect(readdirSync(join(root, 'references')).every((f) => /^[0-9a-f]{64}\.json$/.test(f))).toBe(true)
})

test.skipIf(!requires('skopeo'))('skopeo reads the store by name', () => {
  store.references.set(APP, image.descriptor)
  const inspected = run('skopeo', 'inspect', `oci:${root}:app:latest`)
  expect(JSON.parse(inspected)).toMatchObject({ Digest: image.descriptor.digest, Env: ['PATH=/bin'] })
})

test('index.json is one line of JSON', () => {
  expect(readFileSync(join(root, 'index.json'), 'utf8')).toBe(
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
  )
})

function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program}: ${stderr}`)
  return stdout
}
