import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type DirectorySnapshot, isUnchanged } from '../../lib/context/directory-snapshot.ts'
import { openDirectory } from '../../lib/context/directory-tree.ts'
import { listDirectory, statusOf } from '../../lib/context/list-directory.ts'
import { decodeSnapshot, encodeSnapshot } from '../../lib/context/snapshot-format.ts'

let root = ''

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-seen-'))
  mkdirSync(join(root, 'd/e'), { recursive: true })
  mkdirSync(join(root, 'unseen'))
  for (const name of ['a', 'd/b', 'd/e/c', 'unseen/u']) writeFileSync(join(root, name), 'one')
  symlinkSync('a', join(root, 'link'))
})

afterEach(() => {
  vi.useRealTimers()
  rmSync(root, { recursive: true })
})

/** A snapshot of everything but `unseen`, taken an hour after the files were written. */
function snapshotLater() {
  vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] })
  const tree = openDirectory(root)
  for (const path of ['', 'd', 'd/e']) tree.list(path)
  return tree.snapshot()
}

function changes(change: () => void): boolean {
  const snapshot = snapshotLater()
  if (!snapshot) throw new Error('there is no snapshot')
  expect(openDirectory(root).matches(snapshot)).toBe(true)
  change()
  return !openDirectory(root).matches(snapshot)
}

test.each<readonly [string, () => void]>([
  ['a file that was written', () => writeFileSync(join(root, 'd/b'), 'two')],
  [
    'a file that was written with the same size and time',
    () => {
      const { atime, mtime } = statSync(join(root, 'd/b'))
      writeFileSync(join(root, 'd/b'), 'two')
      utimesSync(join(root, 'd/b'), atime, mtime)
    },
  ],
  ['a file that was added', () => writeFileSync(join(root, 'd/e/new'), '')],
  ['a file that was removed', () => rmSync(join(root, 'd/e/c'))],
  ['a file that was renamed', () => renameSync(join(root, 'a'), join(root, 'z'))],
  ['two files that changed names', () => swap('a', 'd/b')],
  ['a mode', () => chmodSync(join(root, 'a'), 0o600)],
  ["a directory's mode", () => chmodSync(join(root, 'd'), 0o700)],
  ["a directory's time", () => utimesSync(join(root, 'd/e'), 1, 1)],
  ["the root's time", () => utimesSync(root, 1, 1)],
  ["the root's mode", () => chmodSync(root, 0o711)],
  [
    'a symlink',
    () => {
      rmSync(join(root, 'link'))
      symlinkSync('d', join(root, 'link'))
    },
  ],
  [
    'a file in place of a directory that nobody looked into',
    () => {
      rmSync(join(root, 'unseen'), { recursive: true })
      writeFileSync(join(root, 'unseen'), '')
    },
  ],
  ['a directory that is gone', () => rmSync(join(root, 'd'), { recursive: true })],
])('%s is a change', (_, change) => {
  expect(changes(change)).toBe(true)
})

function swap(a: string, b: string): void {
  renameSync(join(root, a), join(root, 'swapped'))
  renameSync(join(root, b), join(root, a))
  renameSync(join(root, 'swapped'), join(root, b))
}

test.each<readonly [string, () => void]>([
  ['a file', () => writeFileSync(join(root, 'unseen/u'), 'two')],
  ['a new file', () => writeFileSync(join(root, 'unseen/v'), '')],
  ['its mode', () => chmodSync(join(root, 'unseen'), 0o700)],
])('in a directory that nobody looked into, %s is none', (_, change) => {
  expect(changes(change)).toBe(false)
})

/** The directories that have to be listed again, to know whether anything changed. */
function listedAgain(snapshot: DirectorySnapshot): readonly string[] {
  const again: string[] = []
  isUnchanged(statusOf(statSync(root)), snapshot, (path, names) => {
    if (!names) again.push(path)
    return listDirectory(join(root, path), names)
  })
  return again
}

test.skipIf(process.platform !== 'linux')('only directories with another status are listed again', () => {
  const snapshot = snapshotLater()
  if (!snapshot) throw new Error('there is no snapshot')
  expect(listedAgain(snapshot)).toEqual([])
  writeFileSync(join(root, 'd/e/new'), '')
  expect(listedAgain(snapshot)).toEqual(['d/e'])
  chmodSync(root, 0o711)
  expect(listedAgain(snapshot)).toEqual(['', 'd/e'])
})

test('the names in a directory that had just changed are not relied on', () => {
  for (const path of ['a', 'd/b', 'd/e/c', 'unseen/u', 'link']) rmSync(join(root, path), { recursive: true })
  const tree = openDirectory(root)
  for (const path of ['', 'd', 'd/e']) tree.list(path)
  const snapshot = tree.snapshot()
  if (!snapshot) throw new Error('there is no snapshot')
  expect(listedAgain(snapshot)).toEqual(['', 'd', 'd/e'])
})

/** Pieces share their memory. */
function encoded(note: string, snapshot: DirectorySnapshot): Buffer {
  return Buffer.concat(Array.from(encodeSnapshot(note, snapshot), (piece) => Uint8Array.from(piece)))
}

function plain(noted: ReturnType<typeof decodeSnapshot>) {
  return noted && { note: noted.note, root: noted.snapshot.root, directories: new Map(noted.snapshot.directories) }
}

test('a snapshot survives encoding, whatever the names', () => {
  mkdirSync(join(root, 'empty'))
  writeFileSync(join(root, 'd/ü\n'), '')
  vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] })
  const tree = openDirectory(root)
  for (const path of ['', 'd', 'empty', 'd/e']) tree.list(path)
  const snapshot = tree.snapshot()
  if (!snapshot) throw new Error('there is no snapshot')
  const bytes = encoded('a note', snapshot)
  expect(plain(decodeSnapshot(bytes))).toEqual(plain({ note: 'a note', snapshot }))
  for (let at = 0; at < bytes.length; at += 7) {
    const damaged = Uint8Array.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 0x40
    expect(decodeSnapshot(damaged)).toBeUndefined()
  }
  expect(decodeSnapshot(bytes.subarray(0, 30))).toBeUndefined()
  expect(decodeSnapshot(Buffer.from(bytes.toString('latin1').replace('files 2', 'files 1'), 'latin1'))).toBeUndefined()
  expect(decodeSnapshot(new Uint8Array(0))).toBeUndefined()
})

test.skipIf(process.platform !== 'linux')('names that are not UTF-8 survive as bytes', () => {
  writeFileSync(Buffer.concat([Buffer.from(`${root}/d/x`), Buffer.of(0xff)]), '')
  const snapshot = snapshotLater()
  const noted = snapshot && plain(decodeSnapshot(encoded('', snapshot)))
  expect(noted?.directories.get('d')?.names).toEqual(['b', 'e', 'x\udcff'])
})

test('files that were written just before a snapshot prevent it', () => {
  const tree = openDirectory(root)
  expect(tree.snapshot()).toBeDefined()
  tree.list('')
  expect(tree.snapshot()).toBeUndefined()
})
