// The changes of a command in a directory, found by the status of its files before and after.
import fs from 'node:fs'
import { joinPath, splitPath } from '../../base/paths.ts'
import { leastMode } from '../disk/least-mode.ts'
import type { SourceEntry } from '../entry.ts'
import { hashContent } from '../hash-content.ts'
import { bytesToPath, toFsPath } from '../paths/path-bytes.ts'
import { type CaptureOptions, changedEntries, type Found, whileReading } from './changed-entries.ts'

/** The state of a directory at one moment, as numbers: objects for 200,000 files would take hundreds of megabytes. */
export interface Snapshot {
  /** The offset of each path's status in `status`. The directory itself is `''`. */
  readonly rows: ReadonlyMap<string, number>
  /** {@link FIELDS} numbers each. */
  readonly status: Float64Array
  /** The original status of the paths that had to be made readable. */
  readonly unreadable: ReadonlyMap<string, fs.BigIntStats>
  /** The start of the snapshot, in milliseconds since 1970. */
  readonly begun: number
}

export interface CaptureSnapshotOptions extends CaptureOptions {
  readonly root: string
  readonly before: Snapshot
  readonly after: Snapshot
}

/** Milliseconds within which two changes may leave the same time: the kernel's clock ticks every 1 to 10 ms. */
const TICK = 20

/**
 * Reads the status of every path below a directory, without following symlinks. Nothing may be mounted in it.
 * Unless the caller is root, it also makes files readable for their owner (see `leastMode`); the snapshot keeps
 * their original status. Blocks until done: about 7 µs a path. Errors with `STORE_IO`.
 */
export function takeSnapshot(root: string): Snapshot {
  const isPlainUser = process.geteuid?.() !== 0
  const begun = Date.now()
  const rows = new Map<string, number>()
  const status: number[] = []
  const unreadable = new Map<string, fs.BigIntStats>()
  const pending = ['']
  whileReading(root, () => {
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      const file = toFsPath(fileAt(root, path))
      const stat = fs.lstatSync(file)
      rows.set(path, status.length)
      pushStatus(status, stat)
      const readable = isPlainUser ? readableMode(stat) : stat.mode
      if (readable !== stat.mode) {
        unreadable.set(path, fs.lstatSync(file, { bigint: true }))
        fs.chmodSync(file, readable & 0o7777)
      }
      if (!stat.isDirectory()) continue
      for (const name of fs.readdirSync(file, 'buffer')) pending.push(joinPath(path, bytesToPath(name)))
    }
  })
  return { rows, status: Float64Array.from(status), unreadable, begun }
}

/**
 * A snapshot of a directory in which only the status of some paths, such as their times, has changed since.
 * Paths that are not in the snapshot are ignored. Errors with `STORE_IO`.
 */
export function renewSnapshot(root: string, snapshot: Snapshot, paths: readonly string[]): Snapshot {
  const begun = Date.now()
  const status = snapshot.status.slice()
  whileReading(root, () => {
    for (const path of paths) {
      const row = snapshot.rows.get(path)
      if (row === undefined) continue
      const renewed: number[] = []
      pushStatus(renewed, fs.lstatSync(toFsPath(fileAt(root, path))))
      status.set(renewed, row)
    }
  })
  return { ...snapshot, status, begun }
}

/**
 * The fields that show a change. Times are in milliseconds since 1970, exact to a quarter of a microsecond;
 * inode numbers may be rounded.
 */
function pushStatus(status: number[], stat: fs.Stats): void {
  status.push(stat.ctimeMs, stat.mtimeMs, stat.size, stat.ino, stat.mode, stat.uid, stat.gid, stat.nlink, stat.rdev)
}

const FIELDS = 9
const [CTIME, SIZE, MODE] = [0, 2, 4]

function readableMode(stat: fs.Stats): number {
  if (stat.isDirectory()) return stat.mode | leastMode('directory')
  return stat.isFile() ? stat.mode | leastMode('file') : stat.mode
}

/**
 * The changes between two snapshots, as the entries of a layer: see {@link changedEntries}. A change shows in
 * the number and the times of the inode, so that no command can hide it. A file that was rewritten as it was,
 * its time too, is recognized by its content. Blocks until done. Errors with `STORE_IO` if something can't be
 * read.
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
  const find = (path: string, children: ReadonlyMap<string, Found | undefined>): Found => {
    const file = fileAt(root, path)
    const stat = after.unreadable.get(path) ?? fs.lstatSync(toFsPath(file), { bigint: true })
    return { path, file, stat, children }
  }
  const add = (path: string, children: ReadonlyMap<string, Found | undefined>): void => {
    const { parent, name } = splitPath(path)
    childrenOf(parent).set(name, find(path, children))
  }
  const isChanged = (path: string, row: number): boolean => {
    if (!hasStatus(after.status, row, before.status, before.rows.get(path))) return true
    const [ctime = 0, size = 0] = [after.status[row + CTIME], after.status[row + SIZE]]
    if (modeType(after, row) !== fs.constants.S_IFREG || size === 0 || ctime < before.begun - TICK) return false
    // The file was written just before the first snapshot: a second write just after it would not show in the status.
    const content = { kind: 'file', path: fileAt(root, path) } as const
    const entry = { path, type: 'file', mode: 0, uid: 0, gid: 0, mtime: 0, size, content } as const
    return hashContent(entry) !== below.lookup(path)?.sha256
  }
  for (const [path, row] of after.rows) {
    if (path === '' || !isChanged(path, row)) continue
    if (modeType(after, row) === fs.constants.S_IFDIR) childrenOf(path)
    else add(path, NONE)
  }
  for (const path of before.rows.keys()) {
    if (after.rows.has(path)) continue
    const { parent, name } = splitPath(path)
    // Names in a directory that was removed, or replaced by another file, are hidden with it.
    const row = after.rows.get(parent)
    if (row !== undefined && modeType(after, row) === fs.constants.S_IFDIR) childrenOf(parent).set(name, undefined)
  }
  return find('', childrenOf(''))
}

const NONE: ReadonlyMap<string, Found | undefined> = new Map()

function modeType({ status }: Snapshot, row: number): number {
  return (status[row + MODE] ?? 0) & fs.constants.S_IFMT
}

function hasStatus(a: Float64Array, at: number, b: Float64Array, other: number | undefined): boolean {
  if (other === undefined) return false
  for (let field = 0; field < FIELDS; field++) if (a[at + field] !== b[other + field]) return false
  return true
}

function fileAt(root: string, path: string): string {
  return path === '' ? root : `${root}/${path}`
}
