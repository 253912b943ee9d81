// Entries of a directory on disk compute their properties: none may get lost on the way into a layer.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { openDirectory } from '../../lib/context/directory-tree.ts'
import { filterTree } from '../../lib/context/filter-tree.ts'
import { createIgnoreMatcher } from '../../lib/context/ignore/ignore-matcher.ts'
import { type CopyPlanOptions, planCopy } from '../../lib/executor/copy/plan-copy.ts'
import type { CopyOp } from '../../lib/graph/types.ts'
import type { SourceEntry } from '../../lib/layers/entry.ts'
import { entryWith, type PlainEntry } from '../../lib/layers/entry-with.ts'
import type { FileTree } from '../../lib/layers/file-tree.ts'
import { subTree } from '../../lib/layers/union/sub-tree.ts'
import { treeEntries } from '../../lib/layers/union/tree-entries.ts'
import { createUnionView } from '../../lib/layers/union/union-view.ts'
import type { DiffID } from '../../lib/oci/types.ts'
import { temporaryDirectory } from '../layers/support/entries.ts'

let root = ''
beforeEach(() => {
  root = temporaryDirectory()
  fs.mkdirSync(join(root, 'd/sub'), { recursive: true })
  fs.chmodSync(join(root, 'd/sub'), 0o1751)
  fs.writeFileSync(join(root, 'd/set'), 'content', { mode: 0o600 })
  fs.chmodSync(join(root, 'd/set'), 0o4711)
  fs.writeFileSync(join(root, 'd/sub/empty'), '')
  fs.writeFileSync(join(root, 'd/first'), 'of two names')
  fs.linkSync(join(root, 'd/first'), join(root, 'd/second'))
  fs.symlinkSync('../elsewhere', join(root, 'd/link'))
  execFileSync('mkfifo', [join(root, 'd/pipe')])
  fs.utimesSync(join(root, 'd/set'), 1, 1_577_836_800.25)
  fs.utimesSync(join(root, 'd/sub'), 1, 1_577_836_801.75)
})

/** The entry that a path of the directory should become, by the system's own stat. */
function expected(name: string): PlainEntry {
  const path = join(root, name)
  const stat = fs.lstatSync(path)
  const isFile = stat.isFile()
  const type = isFile ? 'file' : stat.isDirectory() ? 'directory' : stat.isFIFO() ? 'fifo' : 'symlink'
  const { mtimeMs, ctimeMs, ino, dev } = stat
  return {
    path: name,
    type,
    mode: stat.mode & 0o7777,
    uid: 0,
    gid: 0,
    mtime: mtimeMs / 1000,
    size: isFile ? stat.size : 0,
    linkname: type === 'symlink' ? fs.readlinkSync(path) : undefined,
    content: isFile ? { kind: 'file', path } : undefined,
    stat: isFile ? { mtimeMs, ctimeMs, ino, dev } : undefined,
    inode: isFile && stat.nlink > 1 ? `${dev}:${ino}` : undefined,
  }
}

const NAMES = ['d', 'd/first', 'd/link', 'd/pipe', 'd/second', 'd/set', 'd/sub', 'd/sub/empty']
const all = (change: (entry: PlainEntry) => Partial<PlainEntry> = () => ({})): PlainEntry[] =>
  NAMES.map((name) => ({ ...expected(name), ...change(expected(name)) }))
const plain = (entries: Iterable<SourceEntry>): PlainEntry[] => [...entries].map((entry) => entryWith(entry, {}))

/** As the second name of a file is in a tar. */
const asLink = ({ path }: PlainEntry): Partial<PlainEntry> =>
  path === 'd/second' ? { type: 'hardlink', linkname: 'd/first', size: 0, content: undefined } : {}
/** As a copy has it. */
const copied = (entry: PlainEntry): Partial<PlainEntry> => ({
  ...asLink(entry),
  ...(entry.path === 'd/second' && { stat: undefined }),
  mtime: Math.floor(entry.mtime),
  inode: undefined,
})

async function copy(
  source: FileTree,
  options: Partial<CopyPlanOptions & CopyOp> = {},
  target: FileTree = createUnionView([]),
): Promise<PlainEntry[]> {
  const span = { start: 0, end: 0 }
  const op: CopyOp = {
    kind: 'copy',
    instruction: 'COPY',
    sources: [{ kind: 'path', path: 'd', span }],
    destination: '/d',
    chown: undefined,
    chmod: options.chmod,
    link: false,
    parents: false,
    exclude: [],
    unpack: false,
  }
  const location = () => ({ file: { name: '', text: '' }, span })
  const { entries } = await planCopy(op, source, target, { owner: undefined, now: 5, location, ...options })
  return plain(entries)
}

test('they are what the system says', () => {
  const tree = openDirectory(root)
  expect(NAMES.map((name) => entryWith(tree.lookup(name) as SourceEntry, {}))).toEqual(all())
  const listed = ['', 'd', 'd/sub'].flatMap((path) => tree.list(path))
  expect(plain(listed).sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual(all())
})

test('they are that in a tar, behind an ignore file, and in a part of the tree', () => {
  const tree = openDirectory(root)
  expect(plain(treeEntries(tree))).toEqual(all(asLink))
  const ignore = createIgnoreMatcher({ name: '.dockerignore', text: 'nothing' })
  expect(plain(treeEntries(filterTree(tree, ignore)))).toEqual(all(asLink))
  const moved = plain(treeEntries(subTree(tree, 'd', 'x/y')))
  expect(moved.map(({ path }) => path)).toEqual(NAMES.map((name) => name.replace('d', 'x/y')))
  const back = moved.map((entry) => ({ ...entry, path: entry.path.replace('x/y', 'd') }))
  expect(back).toEqual(all((entry) => (entry.path === 'd/second' ? { ...asLink(entry), linkname: 'x/y/first' } : {})))
})

test('a copy keeps them, with times in whole seconds', async () => {
  expect(await copy(openDirectory(root))).toEqual(all(copied))
})

test('a copy with another owner, mode and time changes nothing else', async () => {
  const changed = await copy(openDirectory(root), { owner: { uid: 7, gid: 8 }, chmod: '640', timestamp: 9 })
  expect(changed).toEqual(
    all((entry) => ({
      ...copied(entry),
      uid: 7,
      gid: 8,
      mode: entry.type === 'symlink' ? entry.mode : 0o640,
      mtime: 9,
    })),
  )
})

test('a copy onto what is there merges directories, which get their time, and leaves the source as it is', async () => {
  const old = { path: 'd/sub', type: 'directory', mode: 0o700, uid: 3, gid: 4, mtime: 2, size: 0, offset: 0 } as const
  const index = { entries: [old], size: 0 }
  const target = createUnionView([{ diffID: 'sha256:0' as DiffID, index, plainPath: '/none' }])
  const tree = filterTree(openDirectory(root), createIgnoreMatcher({ name: '.dockerignore', text: 'nothing' }))
  const changed = await copy(tree, {}, target)
  expect(changed.filter(({ path }) => path !== 'd')).toEqual(all(copied).slice(1))
  expect(plain(treeEntries(tree))).toEqual(all(asLink))
})

test('spreading one loses what it computes, and does not pass the type checker', () => {
  const entry = openDirectory(root).lookup('d/set') as SourceEntry
  // @ts-expect-error: it would have no path.
  const spread: SourceEntry = { ...entry }
  expect(spread.path).toBeUndefined()
})
