// The behaviour of snapshots alone; capture.test.ts has the behaviour that they share with overlayfs.
import fs from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { CaptureOptions } from '../../../lib/layers/diff/changed-entries.ts'
import { captureSnapshot, renewSnapshot, takeSnapshot } from '../../../lib/layers/diff/snapshot.ts'
import type { SourceEntry } from '../../../lib/layers/entry.ts'
import type { FileTree } from '../../../lib/layers/file-tree.ts'
import { createUnionView } from '../../../lib/layers/union/union-view.ts'
import { unpackRoot } from '../../../lib/layers/unpack/unpack-root.ts'
import { isRoot } from '../../support/programs.ts'
import { directory, file, temporaryDirectory } from '../support/entries.ts'
import { storedLayers } from '../support/layers.ts'

const OPTIONS: Pick<CaptureOptions, 'exclude' | 'identity'> = {
  exclude: new Set(),
  identity: () => ({ uid: 0, gid: 0 }),
}

test('a file that was written again within a tick of the clock is found by its content', async () => {
  const below = createUnionView(await storedLayers([file('same', 'one'), file('other', 'one')]))
  const root = temporaryDirectory()
  await unpackRoot(below, root, { owners: false })
  fs.writeFileSync(join(root, 'other'), 'two')
  // As if the write had left no trace: both snapshots have the same status, taken right then, however busy the
  // machine is.
  const snapshot = { ...takeSnapshot(root), begun: fs.statSync(join(root, 'other')).ctimeMs }
  const entries = captureSnapshot({ root, before: snapshot, after: snapshot, below, exactModes: false, ...OPTIONS })
  expect(entries.map(({ path }) => path)).toEqual(['other'])
})

test('a file that was last changed long before the snapshot is not read', async () => {
  const below = createUnionView(await storedLayers([file('x', 'one')]))
  const root = temporaryDirectory()
  await unpackRoot(below, root, { owners: false })
  const snapshot = takeSnapshot(root)
  fs.rmSync(join(root, 'x'))
  const before = { ...snapshot, begun: snapshot.begun + 1000 }
  expect(captureSnapshot({ root, before, after: before, below, exactModes: false, ...OPTIONS })).toEqual([])
})

test('a snapshot is renewed for paths whose status was changed', async () => {
  const root = temporaryDirectory()
  for (const name of ['old', 'new']) fs.writeFileSync(join(root, name), name)
  const before = takeSnapshot(root)
  fs.utimesSync(join(root, 'new'), 1, 1)
  const renewed = renewSnapshot(root, before, ['new', '.wh.gone'])
  const now = takeSnapshot(root)
  expect([...renewed.rows.keys()].sort()).toEqual(['', 'new', 'old'])
  expect([...renewed.status]).toEqual([...now.status])
  expect([...before.status]).not.toEqual([...now.status])
  expect(renewed.begun).toBeGreaterThanOrEqual(before.begun)
  expect(() => renewSnapshot(join(root, 'gone'), before, ['new'])).toThrow(
    expect.objectContaining({ code: 'STORE_IO' }),
  )
})

test.runIf(isRoot('to become somebody else'))('a plain user captures what its commands made unreadable', async () => {
  const base = [
    directory('closed', { mode: 0o555 }),
    file('closed/secret', 'old', { mode: 0 }),
    file('x', 'x', { mode: 0o4711 }),
    directory('gone', { mode: 0 }),
  ]
  const layers = await storedLayers(base)
  const below = createUnionView(layers)
  const root = temporaryDirectory()
  fs.chownSync(root, 65534, 65534)
  const asUser = async <T>(act: () => T | Promise<T>): Promise<T> => {
    process.seteuid?.(65534)
    try {
      return await act()
    } finally {
      process.seteuid?.(0)
    }
  }
  const owners = false
  const before = await asUser(async () => {
    await unpackRoot(memoryTree(base), root, { owners })
    return takeSnapshot(root)
  })
  expect(
    await asUser(() =>
      captureSnapshot({ root, before, after: takeSnapshot(root), below, exactModes: owners, ...OPTIONS }),
    ),
  ).toEqual([])

  const { after, entries, next } = await asUser(() => {
    fs.mkdirSync(join(root, 'new'))
    fs.writeFileSync(join(root, 'new/unreadable'), 'new', { mode: 0 })
    fs.chmodSync(join(root, 'new'), 0)
    fs.chmodSync(join(root, 'closed/secret'), 0)
    fs.rmdirSync(join(root, 'gone'))
    const after = takeSnapshot(root)
    const entries = captureSnapshot({ root, before, after, below, exactModes: owners, ...OPTIONS })
    expect(fs.readFileSync(join(root, 'new/unreadable'), 'utf8')).toBe('new')
    return { after, entries, next: takeSnapshot(root) }
  })
  expect(entries.map(({ path, mode }) => `${path} ${mode.toString(8)}`)).toEqual([
    '.wh.gone 0',
    'new 0',
    'new/unreadable 0',
  ])
  // A directory that had to be made readable is no change of the next command.
  const above = createUnionView([...layers, ...(await storedLayers(entries))])
  expect(
    await asUser(() =>
      captureSnapshot({ root, before: after, after: next, below: above, exactModes: owners, ...OPTIONS }),
    ),
  ).toEqual([])
})

/** Entries in memory as a tree, which anybody can read. */
function memoryTree(entries: readonly SourceEntry[]): FileTree {
  const parent = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
  return {
    lookup: (path) => entries.find((entry) => entry.path === path),
    list: (path) => entries.filter((entry) => parent(entry.path) === path),
  }
}
