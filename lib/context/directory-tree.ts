// A directory on disk as a file tree. Each directory is read when it is first needed.
import { constants, lstatSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { errnoOf, isMissingFile } from '../base/errno.ts'
import { messageOf, TsbuildError } from '../base/errors.ts'
import { baseName, joinPath, parentPath } from '../base/paths.ts'
import type { Entry } from '../layers/entry.ts'
import type { FileTree, TreeEntry } from '../layers/file-tree.ts'
import { bytesToPath, toFsPath } from '../layers/paths/path-bytes.ts'
import { type DirectorySnapshot, isUnchanged, takeSnapshot } from './directory-snapshot.ts'
import { type DirectoryOnDisk, DiskEntry } from './disk-entry.ts'
import { indexOfName } from './index-of-name.ts'
import { listDirectory, STATUS, STATUS_FIELDS, statusOf } from './list-directory.ts'

/** A file tree of a directory on disk, with snapshots of the statuses of its files. */
export interface DirectoryTree extends FileTree {
  /**
   * A snapshot of the directories that were read so far; undefined if it would be unreliable (see {@link
   * takeSnapshot}).
   */
  snapshot(): DirectorySnapshot | undefined
  /** Whether the files are as in an earlier snapshot. A later read reuses the listings that the comparison made. */
  matches(snapshot: DirectorySnapshot): boolean
}

/**
 * A directory as BuildKit sends a local context: everything belongs to 0:0, modes and times are kept, symlinks
 * are never followed, and sockets become empty files. Each directory is read once, when it is first needed.
 * Errors with `CONTEXT_NOT_FOUND`, with `CONTEXT_INVALID` for a path that is not a directory or not readable,
 * and with `CONTEXT_CHANGED` for files that disappear while they are read.
 */
export function openDirectory(root: string): DirectoryTree {
  const begun = Date.now()
  const rootStat = readRoot(root)
  const rootEntry = { path: '', type: 'directory', ...attributesOf(rootStat.mode, rootStat.mtimeMs) } as const
  const listings = new Map<string, DirectoryOnDisk>()
  /** The directories that were read. Others may have been listed for a comparison only. */
  const readDirectories = new Map<string, DirectoryOnDisk>()

  const listing = (path: string, names?: readonly string[]): DirectoryOnDisk => {
    let listed = listings.get(path)
    if (!listed) {
      const { names: found, status } = listDirectory(diskPath(root, path), names)
      listed = { names: found, status, root, path }
      listings.set(path, listed)
    }
    return listed
  }
  const read = (path: string): DirectoryOnDisk | undefined => {
    const before = readDirectories.get(path)
    if (before || lookup(path)?.type !== 'directory') return before
    const directory = whileReading(root, path, () => listing(path))
    readDirectories.set(path, directory)
    return directory
  }
  const lookup = (path: string): TreeEntry | undefined => {
    if (path === '') return rootEntry
    const parent = parentPath(path)
    const directory = read(parent)
    const at = directory === undefined ? -1 : indexOfName(directory.names, baseName(path), String)
    return directory && at !== -1 ? entryAt(directory, at) : undefined
  }
  const list = (path: string): readonly TreeEntry[] => {
    const directory = read(path)
    const entries: TreeEntry[] = []
    for (let at = 0; directory && at < directory.names.length; at++) {
      const entry = entryAt(directory, at)
      if (entry) entries.push(entry)
    }
    return entries
  }
  return {
    lookup,
    list,
    snapshot: () => takeSnapshot(root, statusOf(rootStat), readDirectories, begun),
    matches: (snapshot) => isUnchanged(statusOf(rootStat), snapshot, listing),
  }
}

/** The root may be a symlink, because the user named it. */
function readRoot(root: string): Stats {
  const stat = statRoot(root)
  if (stat.isDirectory()) return stat
  throw new TsbuildError('CONTEXT_INVALID', `context ${JSON.stringify(root)} is not a directory`)
}

function statRoot(root: string): Stats {
  try {
    return statSync(root)
  } catch (cause) {
    const name = JSON.stringify(root)
    if (isMissingFile(cause)) throw new TsbuildError('CONTEXT_NOT_FOUND', `context ${name} does not exist`, { cause })
    throw new TsbuildError('CONTEXT_INVALID', `cannot read context ${name}: ${messageOf(cause)}`, { cause })
  }
}

function whileReading<T>(root: string, path: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw readError(cause, root, path)
  }
}

function diskPath(root: string, path: string): string {
  return path === '' ? root : `${root}/${path}`
}

/** Undefined for an entry of a type that a context cannot hold. */
function entryAt(directory: DirectoryOnDisk, index: number): TreeEntry | undefined {
  const { root, status } = directory
  const at = index * STATUS_FIELDS
  const mode = status[at + STATUS.mode] ?? 0
  const type = mode & constants.S_IFMT
  const isLinked = type === constants.S_IFREG && (status[at + STATUS.nlink] ?? 0) > 1
  if (type === constants.S_IFDIR || (type === constants.S_IFREG && !isLinked)) {
    return new DiskEntry(directory, index, undefined)
  }
  const path = joinPath(directory.path, directory.names[index] ?? '')
  return whileReading(root, path, () => {
    const onDisk = toFsPath(diskPath(root, path))
    if (isLinked) return new DiskEntry(directory, index, inodeOf(onDisk))
    return specialEntry(path, onDisk, mode, status[at + STATUS.mtimeMs] ?? 0)
  })
}

/** An entry that is neither a regular file nor a directory. */
function specialEntry(path: string, onDisk: string | Buffer, mode: number, mtimeMs: number): TreeEntry | undefined {
  const attributes = attributesOf(mode, mtimeMs)
  switch (mode & constants.S_IFMT) {
    case constants.S_IFLNK: {
      const linkname = bytesToPath(readlinkSync(onDisk, { encoding: 'buffer' }))
      return { path, type: 'symlink', ...attributes, mode: 0o777, linkname }
    }
    case constants.S_IFIFO:
      return { path, type: 'fifo', ...attributes }
    case constants.S_IFSOCK:
      return { path, type: 'file', ...attributes, content: { kind: 'bytes', bytes: new Uint8Array() } }
    case constants.S_IFCHR:
    case constants.S_IFBLK: {
      const type = (mode & constants.S_IFMT) === constants.S_IFCHR ? 'character' : 'block'
      return { path, type, ...attributes, ...deviceNumbers(lstatSync(onDisk).rdev) }
    }
    default:
      return undefined
  }
}

function attributesOf(mode: number, mtimeMs: number): Pick<Entry, 'mode' | 'uid' | 'gid' | 'mtime' | 'size'> {
  return { mode: mode & 0o7777, uid: 0, gid: 0, mtime: mtimeMs / 1000, size: 0 }
}

/** The device and inode, exactly: a double would round large inode numbers, and two files would look like one. */
function inodeOf(fsPath: string | Buffer): string {
  const { dev, ino } = lstatSync(fsPath, { bigint: true })
  return `${dev}:${ino}`
}

/** Device numbers as Linux packs them into 32 bits. */
function deviceNumbers(rdev: number): Pick<Entry, 'devMajor' | 'devMinor'> {
  return { devMajor: (rdev >>> 8) & 0xfff, devMinor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) }
}

function readError(cause: unknown, root: string, directory: string): unknown {
  if (!(cause instanceof Error) || errnoOf(cause) === undefined) return cause
  // The path of the failed system call: the directory, or an entry of it.
  const failed = 'path' in cause && typeof cause.path === 'string' ? cause.path : ''
  const path = failed.startsWith(`${root}/`) ? failed.slice(root.length + 1) : directory
  const name = JSON.stringify(path === '' ? '.' : path)
  if (isMissingFile(cause)) {
    return new TsbuildError('CONTEXT_CHANGED', `${name} disappeared while the context was read`, { cause })
  }
  return new TsbuildError('CONTEXT_INVALID', `cannot read ${name} in the context: ${messageOf(cause)}`, {
    hint: 'make it readable, or exclude it in .dockerignore',
    cause,
  })
}
