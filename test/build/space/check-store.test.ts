import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { build, checkStore, openLayout } from '../../../lib/index.ts'
import { cli } from '../../cli/run-cli.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

let store: string
let layer = ''

const rebuild = async () =>
  await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), store, tags: ['app:1'] })

beforeEach(async () => {
  store = join(temporaryDirectory(), 'store')
  const { image } = await rebuild()
  layer = image.layers[0]?.descriptor.digest.slice(7) ?? ''
})

/** The files below a directory of the store. */
const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(store, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

test('a sound store is left alone', async () => {
  expect(await checkStore({ store })).toEqual({ blobs: 3, removed: [], problems: [] })
})

test('a damaged blob is removed, the image that needs it named, and a build makes it again', async () => {
  const path = join(store, 'blobs/sha256', layer)
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0, 10, 20))
  const { removed, problems } = await checkStore({ store })
  expect(removed).toEqual([
    { path: `blobs/sha256/${layer}`, reason: 'a blob whose contents are not those of its name' },
    { path: expect.stringMatching(/^layers\//), reason: 'an encoding of a layer without its blob' },
  ])
  expect(problems).toMatchObject([{ name: 'docker.io/library/app:1', message: expect.stringContaining(layer) }])
  await rebuild()
  expect(await checkStore({ store })).toMatchObject({ removed: [], problems: [] })
})

test.each([
  ['records', 'a damaged record'],
  ['references', 'a damaged name'],
  ['derived/manifest', 'a damaged note (manifest)'],
  ['derived/index', 'a damaged note (index)'],
])('files of %s that are cut short are removed', async (folder, reason) => {
  const files = filesIn(folder)
  for (const path of files) truncateSync(path, 5)
  const { removed } = await checkStore({ store })
  expect(removed).toEqual(files.toSorted().map((path) => ({ path: path.slice(store.length + 1), reason })))
  await rebuild()
  expect(await checkStore({ store })).toMatchObject({ removed: [], problems: [] })
})

test('a damaged index.json is written anew', async () => {
  truncateSync(join(store, 'index.json'), 5)
  expect((await checkStore({ store })).removed).toMatchObject([{ path: 'index.json' }])
  expect(openLayout(store).manifests.length).toBe(1)
})

test('the command prints what it removed, and exits with 1 for an incomplete image', async () => {
  expect(await cli(['--store', store, 'check'])).toEqual({
    code: 0,
    stdout: 'read 3 blobs, nothing was damaged\n',
    stderr: '',
  })
  truncateSync(join(store, 'blobs/sha256', layer), 5)
  const { code, stdout, stderr } = await cli(['--store', store, 'system', 'check'])
  expect(code).toBe(1)
  expect(stdout).toMatch(
    /^removed blobs\/sha256\/[0-9a-f]{64}: .*\nremoved layers\/.*\nread 3 blobs, removed 2 damaged files\n$/,
  )
  expect(stderr).toMatch(/^error: app:1: .*\n(error: .*\n)*hint: pull or build these images again\n$/)
})
