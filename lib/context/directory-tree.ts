// A directory on disk as a file tree, read as it is asked for.
import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { TsbuildError } from '../errors.ts'
import type { EntryType } from '../layers/entry.ts'
import type { FileTree, TreeEntry } from '../layers/file-tree.ts'
import { bytesToPath, toFsPath } from '../layers/path-bytes.ts'
import { baseName, joinPath, parentPath } from './paths.ts'
import { readNames } from './read-names.ts'
import { type ListedDirectory, type SeenFiles, STATUS_FIELDS, seenFiles, writeStatus } from './seen-files.ts'

/** A directory on disk, and what was seen of it so far: undefined if that can't be relied on (see {@link seenFiles}). */
export interface DirectoryTree extends FileTree {
  seen(): SeenFiles | undefined
}

interface Directory extends ListedDirectory {
  readonly entries: readonly TreeEntry[]
  readonly byName: ReadonlyMap<string, TreeEntry>
}

/**
 * A directory as BuildKit sends a local context: everything belongs to 0:0, modes and times are kept, symlinks are never followed,
 * sockets become empty files. Each directory is read once, when it is first asked for. Errors with `CONTEXT_NOT_FOUND`,
 * `CONTEXT_INVALID` (not a directory, or not readable) and, for what goes away while it is read, `CONTEXT_CHANGED`.
 */
export function openDirectory(root: string): DirectoryTree {
  const begun = Date.now()
  const rootStat = readRoot(root)
  const rootEntry = entryOf('', 'directory', rootStat)
  const directories = new Map<string, Directory>()

  const read = (path: string): Directory | undefined => {
    const known = directories.get(path)
    if (known || lookup(path)?.type !== 'directory') return known
    const directory = readDirectory(root, path)
    directories.set(path, directory)
    return directory
  }
  const lookup = (path: string): TreeEntry | undefined =>
    path === '' ? rootEntry : read(parentPath(path))?.byName.get(baseName(path))

  return {
    lookup,
    list: (path) => read(path)?.entries ?? [],
    seen: () => seenFiles(rootStat, directories, begun),
  }
}

/** The root may be a symlink: it is named by the user, not by the context. */
function readRoot(root: string): Stats {
  const stat = statRoot(root)
  if (stat.isDirectory()) return stat
  throw new TsbuildError('CONTEXT_INVALID', `context ${JSON.stringify(root)} is not a directory`)
}

function statRoot(root: string): Stats {
  try {
    return statSync(root)
  } catch (cause) {
    const missing = hasCode(cause, 'ENOENT', 'ENOTDIR')
    const name = JSON.stringify(root)
    if (missing) throw new TsbuildError('CONTEXT_NOT_FOUND', `context ${name} does not exist`, { cause })
    throw new TsbuildError('CONTEXT_INVALID', `cannot read context ${name}: ${messageOf(cause)}`, { cause })
  }
}

function readDirectory(root: string, path: string): Directory {
  const directory = path === '' ? root : `${root}/${path}`
  const entries: TreeEntry[] = []
  const byName = new Map<string, TreeEntry>()
  let name = ''
  try {
    const names = readNames(directory)
    const status = new Float64Array(names.length * STATUS_FIELDS)
    for (let i = 0; i < names.length; i++) {
      name = names[i] ?? ''
      const onDisk = `${directory}/${name}`
      const stat = lstatSync(toFsPath(onDisk))
      writeStatus(status, i * STATUS_FIELDS, stat)
      const entry = toEntry(joinPath(path, name), onDisk, stat)
      if (!entry) continue
      entries.push(entry)
      byName.set(name, entry)
    }
    return { names, status, entries, byName }
  } catch (cause) {
    throw readError(cause, joinPath(path, name))
  }
}

/** Undefined for what a context cannot hold. */
function toEntry(path: string, onDisk: string, stat: Stats): TreeEntry | undefined {
  if (stat.isFile()) return fileEntry(path, onDisk, stat, stat.nlink > 1 ? inodeOf(toFsPath(onDisk)) : undefined)
  if (stat.isDirectory()) return entryOf(path, 'directory', stat)
  if (stat.isSymbolicLink()) {
    const linkname = bytesToPath(readlinkSync(toFsPath(onDisk), { encoding: 'buffer' }))
    return { ...entryOf(path, 'symlink', stat), mode: 0o777, linkname }
  }
  if (stat.isFIFO()) return entryOf(path, 'fifo', stat)
  if (stat.isSocket()) return { ...entryOf(path, 'file', stat), content: { kind: 'bytes', bytes: new Uint8Array() } }
  if (stat.isCharacterDevice()) return { ...entryOf(path, 'character', stat), ...deviceNumbers(stat.rdev) }
  if (stat.isBlockDevice()) return { ...entryOf(path, 'block', stat), ...deviceNumbers(stat.rdev) }
  return undefined
}

/** One literal: there are many, and spreading costs more than reading the status. */
function fileEntry(path: string, onDisk: string, stat: Stats, inode: string | undefined): TreeEntry {
  const { mode, size, mtimeMs, ctimeMs, ino, dev } = stat
  return {
    path,
    type: 'file',
    mode: mode & 0o7777,
    uid: 0,
    gid: 0,
    mtime: mtimeMs / 1000,
    size,
    content: { kind: 'file', path: onDisk },
    stat: { mtimeMs, ctimeMs, ino, dev },
    inode,
  }
}

function entryOf(path: string, type: EntryType, stat: Stats): TreeEntry {
  return { path, type, mode: stat.mode & 0o7777, uid: 0, gid: 0, mtime: stat.mtimeMs / 1000, size: 0 }
}

/** Exact: as a floating-point number a large inode would be taken for its neighbour, and two files for one. */
function inodeOf(fsPath: string | Buffer): string {
  const { dev, ino } = lstatSync(fsPath, { bigint: true })
  return `${dev}:${ino}`
}

/** As Linux packs them into 32 bits. */
function deviceNumbers(rdev: number): Pick<TreeEntry, 'devMajor' | 'devMinor'> {
  return { devMajor: (rdev >>> 8) & 0xfff, devMinor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) }
}

function readError(cause: unknown, path: string): unknown {
  if (!(cause instanceof Error) || !('code' in cause)) return cause
  const name = JSON.stringify(path === '' ? '.' : path)
  if (hasCode(cause, 'ENOENT', 'ENOTDIR')) {
    return new TsbuildError('CONTEXT_CHANGED', `${name} went away while the context was read`, { cause })
  }
  return new TsbuildError('CONTEXT_INVALID', `cannot read ${name} in the context: ${messageOf(cause)}`, {
    hint: 'make it readable, or exclude it in .dockerignore',
    cause,
  })
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
