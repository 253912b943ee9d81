import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type DiskStore, openStore } from '../../../lib/cache/store.ts'
import type { SourceEntry } from '../../../lib/layers/entry.ts'
import { type WrittenLayer, writeLayer } from '../../../lib/layers/write-layer.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

/** 300 files of 20 kB: some megabytes, so several chunks. And one that is several chunks by itself. */
function entries(changed: Readonly<Record<string, string>> = {}): SourceEntry[] {
  const names = [...Array.from({ length: 300 }, (_, n) => `f${String(n).padStart(3, '0')}`), 'large']
  return names.map((path) => {
    const text = changed[path] ?? `${path} some words `.repeat(path === 'large' ? 200_000 : 1000)
    const bytes = Buffer.from(text)
    return {
      path,
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 1,
      size: bytes.length,
      content: { kind: 'bytes', bytes },
    }
  })
}

const write = (store: DiskStore, given: SourceEntry[], level = 6, reuse?: WrittenLayer): Promise<WrittenLayer> =>
  writeLayer(given, store, { compression: { algorithm: 'gzip', level }, reuse: reuse?.descriptor.digest })

/** The table of the only blob of a store that has one. */
function tableFile(store: DiskStore): string {
  const directory = join(store.root, 'derived/chunks')
  return join(directory, readdirSync(directory)[0] ?? '')
}

/** A store with a layer of level 1 that claims to be of level 6, so that chunks taken from it can be told. */
async function disguised(): Promise<{ readonly store: DiskStore; readonly layer: WrittenLayer }> {
  const store = openStore(temporaryDirectory())
  const layer = await write(store, entries(), 1)
  const file = tableFile(store)
  writeFileSync(file, readFileSync(file, 'utf8').replace(/( )1",/, '$16",'))
  return { store, layer }
}

test('chunks that come again are taken, not compressed', async () => {
  const { store, layer } = await disguised()
  // As in a build: files that did not change come with their digest.
  const known = entries().map((entry, at) => Object.assign(entry, { sha256: layer.digests.hex(at) }))
  expect((await write(store, known, 6, layer)).descriptor).toEqual(layer.descriptor)
})

test.each<[string, Record<string, string>]>([
  ['a file that changed', { f150: 'x'.repeat(20_000) }],
  ['a file that grew', { f150: 'word '.repeat(9000) }],
  ['a large file that changed', { large: 'other words '.repeat(250_000) }],
  ['everything changed', Object.fromEntries(entries().map(({ path }) => [path, `${path} other `.repeat(1000)]))],
])('with %s the bytes are those of a cold start', async (_, changed) => {
  const store = openStore(temporaryDirectory())
  const former = await write(store, entries())
  const warm = await write(store, entries(changed), 6, former)
  const cold = await write(openStore(temporaryDirectory()), entries(changed))
  expect(warm.descriptor).toEqual(cold.descriptor)
  expect(warm.diffID).toBe(cold.diffID)
})

test('chunks are taken only from a blob of the same level', async () => {
  const store = openStore(temporaryDirectory())
  const former = await write(store, entries(), 1)
  const cold = await write(openStore(temporaryDirectory()), entries())
  expect((await write(store, entries(), 6, former)).descriptor).toEqual(cold.descriptor)
})

test('a chunk that was damaged on disk is compressed again', async () => {
  const { store, layer } = await disguised()
  const blob = readFileSync(store.path(layer.descriptor.digest))
  blob.fill(0, 11)
  writeFileSync(store.path(layer.descriptor.digest), blob)
  const cold = await write(openStore(temporaryDirectory()), entries())
  expect((await write(store, entries(), 6, layer)).descriptor).toEqual(cold.descriptor)
})

test.each(['', '{', 'null', '{"maker":1}', '{"maker":"1","rows":[[1]]}', '{"maker":"1","rows":[["k",-1,2,3]]}'])(
  'a table that is none is ignored: %s',
  async (text) => {
    const store = openStore(temporaryDirectory())
    const former = await write(store, entries())
    writeFileSync(tableFile(store), text)
    const again = await write(store, entries(), 6, former)
    expect(again.descriptor).toEqual(former.descriptor)
  },
)
