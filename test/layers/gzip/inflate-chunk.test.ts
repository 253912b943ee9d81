// Files whose digests are known are not read again for a chunk that an earlier layer has: its bytes come out of
// that layer.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openStore, type Store } from '../../../lib/cache/store.ts'
import { ContentFiles } from '../../../lib/layers/content-files.ts'
import type { PlainEntry } from '../../../lib/layers/entry-with.ts'
import { type WrittenLayer, writeLayer } from '../../../lib/layers/write-layer.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

let directory: string
let store: Store
let opened: string[]

beforeEach(() => {
  directory = temporaryDirectory()
  store = openStore(join(directory, 'store'))
  const begin = ContentFiles.prototype.begin
  vi.spyOn(ContentFiles.prototype, 'begin').mockImplementation(function (this: ContentFiles, entry) {
    if (entry.content?.kind === 'file') opened.push(entry.path)
    begin.call(this, entry)
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

const COUNT = 900

/** Files on disk, several chunks of them unless they are large. */
function files(size: number): PlainEntry[] {
  return Array.from({ length: COUNT }, (_, n) =>
    file(`f${String(n).padStart(3, '0')}`, `${n} words `.repeat(size / 10)),
  )
}

function file(name: string, text: string): PlainEntry {
  const path = join(directory, name)
  writeFileSync(path, text)
  const size = Buffer.byteLength(text)
  return { path: name, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 1, size, content: { kind: 'file', path } }
}

async function write(entries: readonly PlainEntry[], reuse?: WrittenLayer): Promise<WrittenLayer> {
  opened = []
  return await writeLayer(entries, store, {
    compression: { algorithm: 'gzip', level: 6 },
    reuse: reuse?.descriptor.digest,
  })
}

const identityOf = ({ diffID, descriptor }: WrittenLayer) => ({ diffID, descriptor })

/** As a build knows them that has seen by their status that they did not change. */
const known = (entries: readonly PlainEntry[], { digests }: WrittenLayer): PlainEntry[] =>
  entries.map((entry, at) => ({ ...entry, sha256: digests.hex(at) }))

test('nothing is opened where nothing changed', async () => {
  const entries = files(4000)
  const former = await write(entries)
  expect(opened).toHaveLength(COUNT)
  for (const { path } of entries) rmSync(join(directory, path))
  const again = await write(known(entries, former), former)
  expect(opened).toEqual([])
  expect(identityOf(again)).toEqual(identityOf(former))
})

test('nor where digests are told by place instead', async () => {
  const entries = files(4000)
  const former = await write(entries)
  opened = []
  const again = await writeLayer(entries, store, {
    compression: { algorithm: 'gzip', level: 6 },
    reuse: former.descriptor.digest,
    digests: former.digests,
  })
  expect(opened).toEqual([])
  expect(identityOf(again)).toEqual(identityOf(former))
})

test('with one file the others of its chunk are opened', async () => {
  const entries = files(4000)
  const former = await write(entries)
  const changed = known(entries, former).with(450, file('f450', 'something else'))
  const warm = await write(changed, former)
  expect(opened).toContain('f450')
  expect(opened.length).toBeLessThan(COUNT / 2)
  const { descriptor, diffID } = await write(changed.map((entry) => ({ ...entry, sha256: undefined })))
  expect(warm).toMatchObject({ descriptor, diffID })
})

test('larger files are read, which is faster than decompressing them', async () => {
  const entries = files(30_000)
  const former = await write(entries)
  expect(identityOf(await write(known(entries, former), former))).toEqual(identityOf(former))
  expect(opened).toHaveLength(COUNT)
})

test('without an earlier layer, or a sound one, all is read', async () => {
  const entries = files(4000)
  const former = await write(entries)
  await write(known(entries, former))
  expect(opened).toHaveLength(COUNT)
  const blob = store.path(former.descriptor.digest)
  writeFileSync(blob, Buffer.alloc(former.descriptor.size))
  const again = await write(known(entries, former), former)
  expect(opened).toHaveLength(COUNT)
  expect(again.diffID).toBe(former.diffID)
})
