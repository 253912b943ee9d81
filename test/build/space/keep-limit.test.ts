import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { type BuildOptions, build, diskUsage, openStore, validateImage } from '../../../lib/index.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

let store: string
beforeEach(() => {
  store = join(temporaryDirectory(), 'store')
})

const SIZE = 20_000
/** A limit for five layers. */
const maxUsedSpace = 5 * SIZE

/** Builds a layer of text that does not compress, and which another number makes another text. */
const buildOf = async (number: number, options: Partial<BuildOptions> = {}) => {
  let state = number + 1
  const file = Buffer.alloc(SIZE)
  for (let at = 0; at < SIZE; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    file[at] = state >>> 24
  }
  const context = new Map<string, string | Uint8Array>([
    ['Dockerfile', 'FROM scratch\nCOPY file /\n'],
    ['file', file],
  ])
  return await build({ context, store, ...options })
}

const cacheSize = async (): Promise<number> => (await diskUsage({ store, filters: ['private'] })).reclaimable

test('the cache stays within its limit whatever builds write, and the newest layers are in it', async () => {
  for (let number = 0; number < 40; number++) await buildOf(number, { cacheLimit: { maxUsedSpace } })
  expect(await cacheSize()).toBeLessThanOrEqual(maxUsedSpace)
  expect(await cacheSize()).toBeGreaterThan(maxUsedSpace / 2)
  expect((await buildOf(39, { cacheLimit: { maxUsedSpace } })).steps.cached).toBe(1)
  expect((await buildOf(0, { cacheLimit: { maxUsedSpace } })).steps.cached).toBe(0)
})

test('images with names stay, and do not count', async () => {
  for (let number = 0; number < 10; number++) {
    await buildOf(number, { tags: [`app:${number}`], cacheLimit: { maxUsedSpace } })
  }
  const opened = openStore(store)
  const references = opened.references.list()
  expect(references.length).toBe(10)
  for (const { descriptor } of references) {
    expect(await validateImage(opened, descriptor)).toMatchObject({ valid: true })
  }
  opened.close()
})

test.each([
  ['a number of bytes', { TSBUILD_CACHE_LIMIT: String(maxUsedSpace) }],
  ['buildx’s names', { TSBUILD_CACHE_LIMIT: `max-used-space=${maxUsedSpace},reserved-space=1k` }],
])('the variable may be %s', async (_, env) => {
  for (let number = 0; number < 12; number++) await buildOf(number, { env })
  expect(await cacheSize()).toBeLessThanOrEqual(maxUsedSpace)
})

test.each([
  [{ env: { TSBUILD_CACHE_LIMIT: 'none' } }],
  [{ env: { TSBUILD_CACHE_LIMIT: '1' }, cacheLimit: false }],
  [{ env: {} }],
] as const)('%o removes nothing of a small store', async (options) => {
  for (let number = 0; number < 8; number++) await buildOf(number, options)
  expect((await buildOf(0, options)).steps.cached).toBe(1)
})

test('a variable that is no limit is refused before the build', async () => {
  const env = { TSBUILD_CACHE_LIMIT: 'much=1' }
  await expect(buildOf(0, { env })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
})

test('a build that finds all its steps in the cache looks at no account', async () => {
  await buildOf(0)
  await buildOf(1)
  const account = readFileSync(join(store, 'usage'), 'utf8')
  expect(account).toMatch(/^tsbuild usage 1 \d+ \d+\n\d+\n$/)
  await buildOf(1)
  expect(readFileSync(join(store, 'usage'), 'utf8')).toBe(account)
})

test('a failed build keeps the limit, too', async () => {
  for (let number = 0; number < 8; number++) await buildOf(number, { cacheLimit: false })
  const context = new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\nCOPY nothing /\n']])
  await expect(build({ context, store, cacheLimit: { maxUsedSpace: SIZE } })).rejects.toMatchObject({
    code: 'COPY_SOURCE_NOT_FOUND',
  })
  expect(await cacheSize()).toBeLessThanOrEqual(SIZE)
  expect(existsSync(join(store, 'usage'))).toBe(true)
})
