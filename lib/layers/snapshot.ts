// What a command changed in a directory, told by the status of its files before and after.
import fs from 'node:fs'
import { type CaptureOptions, changedEntries, type Found, whileReading } from './changed-entries.ts'
import type { SourceEntry } from './entry.ts'
import { hashContent } from './hash-content.ts'
import { leastMode } from './least-mode.ts'
import { bytesToPath, toFsPath } from './path-bytes.ts'
import { pathIn, splitPath } from './tree-paths.ts'

/** A directory as it was at a moment. */
export interface Snapshot {
  /** The status of everything in it by path, itself included as `''`. */
  readonly stats: ReadonlyMap<string, fs.BigIntStats>
  /** When it was begun, in nanoseconds since 1970. */
  readonly begun: bigint
}

export interface CaptureSnapshotOptions extends CaptureOptions {
  readonly root: string
  readonly before: Snapshot
  readonly after: Snapshot
}

/** How long after a change another one may leave the same time: the kernel's clock ticks every 1 to 10 ms. */
const TICK = 20_000_000n

/**
 * Looks at every path below a directory, without following symlinks. Nothing may be mounted in it. For anybody but root it also makes
 * what it finds readable for its owner (see `leastMode`); the snapshot says how it was. Blocks until done: about 20 µs a path. Errors
 * with `STORE_IO`.
 */
export function takeSnapshot(root: string): Snapshot {
  const isPlainUser = process.geteuid?.() !== 0
  const begun = BigInt(Date.now()) * 1_000_000n
  const stats = new Map<string, fs.BigIntStats>()
  const pending = ['']
  whileReading(root, () => {
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      const file = toFsPath(fileAt(root, path))
      const stat = fs.lstatSync(file, { bigint: true })
      stats.set(path, stat)
      if (isPlainUser) makeReadable(file, stat)
      if (!stat.isDirectory()) continue
      for (const name of fs.readdirSync(file, 'buffer')) pending.push(pathIn(path, bytesToPath(name)))
    }
  })
  return { stats, begun }
}

/**
 * The snapshot of a directory in which nothing has changed since then but the status of some paths, such as their times. Paths that are not in
 * it are left out. Errors with `STORE_IO`.
 */
export function renewSnapshot(root: string, snapshot: Snapshot, paths: Iterable<string>): Snapshot {
  const begun = BigInt(Date.now()) * 1_000_000n
  const stats = new Map(snapshot.stats)
  whileReading(root, () => {
    for (const path of paths) {
      if (stats.has(path)) stats.set(path, fs.lstatSync(toFsPath(fileAt(root, path)), { bigint: true }))
    }
  })
  return { stats, begun }
}

function makeReadable(file: string | Buffer, stat: fs.BigIntStats): void {
  const type = stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : undefined
  if (type === undefined) return
  const mode = Number(stat.mode) & 0o7777
  const least = leastMode(type, false)
  if ((mode & least) !== least) fs.chmodSync(file, mode | least)
}

/**
 * What changed between two snapshots, as the entries of a layer: see {@link changedEntries}. A change is told by the inode's number
 * and times, so that nothing can hide one; a file that was rewritten as it was (its time too) is found to be the same by its content.
 * Blocks until done. Errors with `STORE_IO` if something can't be read.
 */
export function captureSnapshot(options: CaptureSnapshotOptions): readonly SourceEntry[] {
  return whileReading(options.root, () => changedEntries(findChanges(options), options))
}

function findChanges({ root, before, after, below }: CaptureSnapshotOptions): Found {
  const directories = new Map<string, Map<string, Found | undefined>>()
  const childrenOf = (directory: string): Map<string, Found | undefined> => {
    const known = directories.get(directory)
    if (known) return known
    const children = new Map<string, Found | undefined>()
    directories.set(directory, children)
    if (directory !== '') add(directory, children)
    return children
  }
  const add = (path: string, children: ReadonlyMap<string, Found | undefined>): void => {
    const stat = after.stats.get(path)
    const { parent, name } = splitPath(path)
    childrenOf(parent).set(name, stat && { path, file: fileAt(root, path), stat, children })
  }
  const isChanged = (path: string, stat: fs.BigIntStats): boolean => {
    if (!hasStatus(stat, before.stats.get(path))) return true
    if (!stat.isFile() || stat.size === 0n || stat.ctimeNs < before.begun - TICK) return false
    // It was written just before the first snapshot: had it been written again just after, that would not show in its status.
    const content = { kind: 'file', path: fileAt(root, path) } as const
    const entry = { path, type: 'file', mode: 0, uid: 0, gid: 0, mtime: 0, size: Number(stat.size), content } as const
    return hashContent(entry) !== below.lookup(path)?.sha256
  }
  for (const [path, stat] of after.stats) {
    if (path === '' || !isChanged(path, stat)) continue
    if (stat.isDirectory()) childrenOf(path)
    else add(path, NONE)
  }
  for (const path of before.stats.keys()) {
    const { parent, name } = splitPath(path)
    // What was in a directory that is gone, or is none any more, went with it.
    if (!after.stats.has(path) && after.stats.get(parent)?.isDirectory()) childrenOf(parent).set(name, undefined)
  }
  const stat = after.stats.get('')
  if (!stat) throw new Error('bug: a snapshot without its root')
  return { path: '', file: root, stat, children: childrenOf('') }
}

const NONE: ReadonlyMap<string, Found | undefined> = new Map()

function hasStatus(a: fs.BigIntStats, b: fs.BigIntStats | undefined): boolean {
  return (
    b !== undefined &&
    a.ino === b.ino &&
    a.ctimeNs === b.ctimeNs &&
    a.mtimeNs === b.mtimeNs &&
    a.size === b.size &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.nlink === b.nlink &&
    a.rdev === b.rdev
  )
}

function fileAt(root: string, path: string): string {
  return path === '' ? root : `${root}/${path}`
}
