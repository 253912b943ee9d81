import { readdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import {
  build,
  diskUsage,
  listImages,
  openStore,
  prune,
  removeImage,
  type UsageRecord,
  type UsageType,
  validateImage,
} from '../../../lib/index.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

let store: string
beforeEach(() => {
  store = join(temporaryDirectory(), 'store')
})

const buildOf = async (content: string, tags: readonly string[] = []) =>
  await build({
    context: new Map([
      ['Dockerfile', 'FROM scratch\nCOPY file /\nCOPY same /\n'],
      ['file', content.repeat(1000)],
      ['same', 'the same in all builds'],
    ]),
    tags,
    store,
    sourceDateEpoch: 1,
  })

const records = async (...filters: readonly string[]): Promise<readonly UsageRecord[]> =>
  (await diskUsage({ store, filters })).records

const typesOf = (list: readonly UsageRecord[]): readonly UsageType[] =>
  [...new Set(list.map(({ type }) => type))].sort()

const blobs = (): readonly string[] => readdirSync(join(store, 'blobs/sha256'))

test('an image with a name is one record with its layers, and what came before it is cache', async () => {
  await buildOf('1', ['app:1'])
  const { images } = await buildOf('2', ['app:1'])
  const all = await records()
  expect(all.map(({ type, reclaimable }) => [type, reclaimable]).sort()).toEqual([
    ['image', false],
    ['image', true],
    ['regular', true],
  ])
  const [named] = all.filter(({ names }) => names !== undefined)
  expect(named).toMatchObject({ id: images[0]?.digest.slice(7), names: ['docker.io/library/app:1'] })
  const { total, reclaimable, shared } = await diskUsage({ store })
  expect(total).toBe(reclaimable + shared)
})

test('prune removes all that no named image needs, and the image is still whole', async () => {
  await buildOf('1', ['app:1'])
  await buildOf('2', ['app:1', 'app:2'])
  const before = await diskUsage({ store })
  const { removed, reclaimed } = await prune({ store })
  expect(typesOf(removed)).toEqual(['image', 'regular'])
  expect(reclaimed).toBe(before.reclaimable)
  expect(await records()).toMatchObject([{ names: ['docker.io/library/app:1', 'docker.io/library/app:2'] }])
  const opened = openStore(store)
  for (const { descriptor } of opened.references.list()) {
    expect(await validateImage(opened, descriptor)).toMatchObject({ valid: true })
  }
  expect((await listImages(opened)).map(({ problem }) => problem)).toEqual([undefined, undefined])
  opened.close()
  expect(readdirSync(join(store, 'tmp'))).toEqual([])
})

test('a build after prune makes the same image again', async () => {
  const { digest } = await buildOf('1')
  await prune({ store, all: true })
  expect(blobs()).toEqual([])
  const again = await buildOf('1')
  expect(again).toMatchObject({ digest, steps: { cached: 0 } })
})

test('a step of a named image stays cached', async () => {
  await buildOf('1', ['app'])
  await prune({ store })
  expect((await buildOf('1', ['app'])).steps).toEqual({ total: 2, cached: 2 })
})

test('what a process uses stays until it closes the store', async () => {
  const { image } = await buildOf('1')
  const using = openStore(store)
  const [layer] = image.layers
  expect(using.holds(layer?.descriptor ?? image.descriptor)).toBe(true)
  expect(await records('inuse')).toMatchObject([{ id: layer?.diffID.slice(7), reclaimable: false }])
  await prune({ store, all: true })
  expect(blobs()).toEqual([layer?.descriptor.digest.slice(7)])
  using.close()
  await prune({ store, all: true })
  expect(blobs()).toEqual([])
})

test('prune with a store object takes what that object used before', async () => {
  const opened = openStore(store)
  const context = new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']])
  const { image } = await build({ context, store: opened })
  expect(opened.has(image.descriptor.digest)).toBe(true)
  await prune({ store: opened })
  expect(opened.has(image.descriptor.digest)).toBe(false)
  opened.close()
})

test('the least recently used goes first, and a target stops it', async () => {
  for (const content of ['1', '2', '3']) await buildOf(content)
  for (const path of blobs()) utimesSync(join(store, 'blobs/sha256', path), 1, 1)
  for (const kind of readdirSync(join(store, 'derived'))) {
    for (const note of readdirSync(join(store, 'derived', kind))) utimesSync(join(store, 'derived', kind, note), 1, 1)
  }
  await buildOf('2')
  const layers = await records('type=regular')
  const { removed } = await prune({ store, filters: ['type=regular', 'until=1h'] })
  expect(layers.length - removed.length).toBe(2)
  expect((await buildOf('2')).steps.cached).toBe(2)
})

test('with --all another encoding of a layer of a named image goes, too, and the step is cached still', async () => {
  const context = new Map([
    ['Dockerfile', 'FROM scratch\nCOPY file /\n'],
    ['file', 'x'.repeat(5000)],
  ])
  await build({ context, store, outputs: [{ type: 'tar', dest: join(temporaryDirectory(), 'files.tar') }] })
  await build({ context, store, tags: ['app'] })
  expect(await records('shared')).toMatchObject([{ type: 'regular', shared: true }])
  expect((await prune({ store })).removed.some(({ shared }) => shared)).toBe(false)
  expect((await prune({ store, all: true })).removed.some(({ shared }) => shared)).toBe(true)
  expect((await build({ context, store, tags: ['app'] })).steps.cached).toBe(1)
})

test('a store of another kind has no known space', async () => {
  const opened = openStore(store)
  await expect(diskUsage({ store: { ...opened, root: undefined } })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  opened.close()
})

test('rmi leaves what steps made, and what other images need, to the cache', async () => {
  await buildOf('1', ['app:1'])
  await buildOf('2', ['app:2'])
  const opened = openStore(store)
  const { deleted } = await removeImage(opened, 'app:1')
  opened.close()
  // Manifest and config.
  expect(deleted.length).toBe(2)
  expect((await buildOf('1')).steps.cached).toBe(2)
})

test('records of layers that are gone are notes, which --all removes', async () => {
  await buildOf('1')
  const layers = readdirSync(join(store, 'blobs/sha256'))
  for (const blob of layers) rmSync(join(store, 'blobs/sha256', blob))
  for (const kind of readdirSync(join(store, 'derived'))) rmSync(join(store, 'derived', kind), { recursive: true })
  expect(await records()).toMatchObject([{ type: 'internal' }])
  expect((await prune({ store })).removed).toEqual([])
  expect((await prune({ store, all: true })).removed.length).toBe(1)
  expect(
    readdirSync(join(store, 'records'), { recursive: true, encoding: 'utf8' }).filter((n) => n.endsWith('.json')),
  ).toEqual([])
})

test('encodings that a killed removal left go with --all', async () => {
  await buildOf('1')
  for (const blob of blobs()) rmSync(join(store, 'blobs/sha256', blob))
  for (const folder of ['derived', 'records']) rmSync(join(store, folder), { recursive: true })
  expect(readdirSync(join(store, 'layers')).length).toBe(2)
  await prune({ store, all: true })
  expect(readdirSync(join(store, 'layers'))).toEqual([])
})
