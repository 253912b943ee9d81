// From the files that a command left on disk to the entries of its layer.
import fs from 'node:fs'
import { isSystemError } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import { joinPath } from '../../base/paths.ts'
import { leastMode } from '../disk/least-mode.ts'
import { type CapabilityReading, readCapabilities as readByPrograms } from '../disk/read-capabilities.ts'
import { CAPABILITY, type EntryType, type SourceEntry } from '../entry.ts'
import { entryWith } from '../entry-with.ts'
import type { FileTree, TreeEntry } from '../file-tree.ts'
import { bytesToPath, toFsPath } from '../paths/path-bytes.ts'
import { isWhiteoutName } from '../whiteout.ts'
import { isSameEntry, treeChanges } from './tree-changes.ts'

/** Metadata of a file in the image that the disk may not hold. */
export interface FileIdentity {
  readonly uid: number
  readonly gid: number
  /** As stat's `st_mode`, with the type: undefined if the disk is right. */
  readonly mode?: number | undefined
  /** As stat's `st_rdev`, of a device: undefined if the disk is right. */
  readonly rdev?: number | undefined
  /**
   * Whether uid and gid are recorded for this file, not assumed. One name with recorded owners decides for all
   * links of the file.
   */
  readonly named?: boolean | undefined
  /** The value of `security.capability` of a regular file, where the disk doesn't have it. */
  readonly capability?: Uint8Array | undefined
}

/**
 * Returns the identity of a file, given its path in the image, its status in the captured directory, and the
 * entry that was at the path before. Called for every path that may have changed, and for the directories above
 * a change.
 */
export type Identify = (path: string, stat: fs.BigIntStats, base: TreeEntry | undefined) => FileIdentity

export interface CaptureOptions {
  /** The tree before the command. */
  readonly below: FileTree
  /** Mount targets: paths that are left out, with all below them, whatever happened to them. */
  readonly exclude: ReadonlySet<string>
  readonly identity: Identify
  /** Whether files got their modes when they were unpacked (see `unpackRoot`). If not, some have extra bits. */
  readonly exactModes?: boolean | undefined
  /** Reads the capabilities of files on disk; default by a program of the system. */
  readonly readCapabilities?: ((files: readonly string[]) => CapabilityReading) | undefined
  /** Receives the executables whose capabilities no program here can read. They keep those that they had before. */
  readonly onUnreadCapabilities?: ((paths: readonly string[]) => void) | undefined
  /** Receives the paths that are left out, with all below them, because their names would be whiteouts in a layer. */
  readonly onWhiteoutNames?: ((paths: readonly string[]) => void) | undefined
}

/** A path that may have changed. */
export interface Found {
  readonly path: string
  /** The path on the host, in the form of entry.ts. */
  readonly file: string
  readonly stat: fs.BigIntStats
  /** In a directory, the paths that may have changed, by name. Undefined for a name that was removed. */
  readonly children: ReadonlyMap<string, Found | undefined>
}

/**
 * The entries that make the tree before a command into the tree that was found: see {@link treeChanges}. Unlike
 * in BuildKit's layers, all links of a changed inode are there, so that a new link to an old file stays a link.
 * Sockets are left out. Times are whole seconds. Contents are read when the layer is written.
 */
export function changedEntries(root: Found, options: CaptureOptions): readonly SourceEntry[] {
  const { below, exclude } = options
  const nodes = examine(root, options)
  const nodeOf = (found: Found): Node => {
    const node = nodes.get(found)
    if (!node) throw new Error('bug: a path was not examined')
    return node
  }
  const changedInodes = new Set<bigint>()
  for (const [{ stat }, { isChanged }] of nodes) {
    if (isChanged && isLinked(stat)) changedInodes.add(stat.ino)
  }

  return treeChanges<Found>(
    {
      root,
      names: ({ path, children }) => [...children.keys()].sort().filter((name) => !exclude.has(joinPath(path, name))),
      child: ({ children }, name) => {
        const found = children.get(name)
        return found && nodes.has(found) ? found : undefined
      },
      entry: (found) => nodeOf(found).entry,
      isChanged: (found) => nodeOf(found).isChanged || changedInodes.has(found.stat.ino),
      link: ({ stat }) => (isLinked(stat) ? stat.ino : undefined),
    },
    below,
  )
}

interface Node {
  readonly entry: SourceEntry
  readonly isChanged: boolean
}

/** All found paths but sockets, excluded paths, and names that layers can't have. */
function examine(root: Found, options: CaptureOptions): ReadonlyMap<Found, Node> {
  const { below, exclude, identity, exactModes = true, onUnreadCapabilities, onWhiteoutNames } = options
  const { readCapabilities = readByPrograms } = options
  const whiteoutNames: string[] = []
  const identified: Identified[] = []
  const collect = (directory: Found, isBelow: boolean): void => {
    for (const name of [...directory.children.keys()].sort()) {
      const child = directory.children.get(name)
      if (child === undefined || exclude.has(child.path)) continue
      if (isWhiteoutName(name)) {
        whiteoutNames.push(child.path)
        continue
      }
      const base = isBelow ? below.lookup(child.path) : undefined
      identified.push({ found: child, base, identity: identity(child.path, child.stat, base) })
      collect(child, base?.type === 'directory')
    }
  }
  collect(root, true)
  if (whiteoutNames.length > 0) onWhiteoutNames?.(whiteoutNames.sort())

  const found = withOwnersOfLinks(identified).flatMap(({ found: one, base, identity: known }) => {
    const entry = toEntry(one, known, exactModes ? undefined : base)
    return entry ? [{ found: one, entry, base, capability: entry.type === 'file' ? known.capability : undefined }] : []
  })
  const executables = found.filter(({ entry }) => entry.type === 'file' && (entry.mode & 0o111) !== 0)
  const { values, unread } = readCapabilities(executables.map((one) => one.found.file))
  const isUnread = new Set(unread)
  if (unread.length > 0) {
    onUnreadCapabilities?.(executables.filter((one) => isUnread.has(one.found.file)).map((one) => one.entry.path))
  }
  const nodes = new Map<Found, Node>()
  for (const { found: one, entry: bare, base, capability } of found) {
    const onDisk = isUnread.has(one.file) ? base?.xattrs?.[CAPABILITY] : values.get(one.file)
    const value = capability ?? onDisk
    const entry = value ? entryWith(bare, { xattrs: { [CAPABILITY]: value } }) : bare
    const isChanged = !base || !isSameEntry(entry, base)
    nodes.set(one, { entry, isChanged })
  }
  return nodes
}

interface Identified {
  readonly found: Found
  readonly base: TreeEntry | undefined
  readonly identity: FileIdentity
}

/** All links of a file have its recorded owner, whichever of them the command changed it by. */
function withOwnersOfLinks(files: readonly Identified[]): readonly Identified[] {
  const owners = new Map<bigint, FileIdentity>()
  for (const { found, identity } of files) {
    const { stat } = found
    if (isLinked(stat) && identity.named && !owners.has(stat.ino)) owners.set(stat.ino, identity)
  }
  if (owners.size === 0) return files
  return files.map((file) => {
    const owner = isLinked(file.found.stat) ? owners.get(file.found.stat.ino) : undefined
    return owner ? { ...file, identity: { ...file.identity, uid: owner.uid, gid: owner.gid } } : file
  })
}

/** Turns errors of the system, while a directory is read, into `STORE_IO`. */
export function whileReading<T>(directory: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isSystemError(error)) throw error
    const message = `cannot read or change what a command left in ${JSON.stringify(directory)}: ${error.message}`
    throw new TsbuildError('STORE_IO', message, { cause: error })
  }
}

const TYPES: ReadonlyMap<number, EntryType> = new Map([
  [fs.constants.S_IFREG, 'file'],
  [fs.constants.S_IFDIR, 'directory'],
  [fs.constants.S_IFLNK, 'symlink'],
  [fs.constants.S_IFIFO, 'fifo'],
  [fs.constants.S_IFCHR, 'character'],
  [fs.constants.S_IFBLK, 'block'],
])

/** Undefined for a socket. `base` is given where its mode is not the one that it got on disk. */
function toEntry(
  { path, file, stat }: Found,
  { uid, gid, mode, rdev }: FileIdentity,
  base: TreeEntry | undefined,
): SourceEntry | undefined {
  const realMode = mode ?? Number(stat.mode)
  const type = TYPES.get(realMode & fs.constants.S_IFMT)
  if (type === undefined) return undefined
  const isFile = type === 'file'
  const isDevice = type === 'character' || type === 'block'
  const device = BigInt(rdev ?? stat.rdev)
  return {
    path,
    type,
    mode: mode === undefined && isAsUnpacked(realMode, type, base) ? base.mode : realMode & 0o7777,
    uid,
    gid,
    mtime: wholeSeconds(stat.mtimeNs),
    size: isFile ? Number(stat.size) : 0,
    linkname: type === 'symlink' ? readLink(file) : undefined,
    // The numbers of makedev(3).
    devMajor: isDevice ? Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)) : undefined,
    devMinor: isDevice ? Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)) : undefined,
    // No status: no process is left that could change the file, and making a file readable for a snapshot
    // changes its status.
    content: isFile ? { kind: 'file', path: file } : undefined,
  }
}

function isAsUnpacked(mode: number, type: EntryType, base: TreeEntry | undefined): base is TreeEntry {
  return base?.type === type && (mode & 0o7777) === (base.mode | leastMode(type))
}

function readLink(file: string): string {
  return bytesToPath(fs.readlinkSync(toFsPath(file), 'buffer'))
}

function wholeSeconds(ns: bigint): number {
  const seconds = Number(ns / 1_000_000_000n)
  return ns % 1_000_000_000n < 0n ? seconds - 1 : seconds
}

/** Whether a path may share its inode with others. */
function isLinked(stat: fs.BigIntStats): boolean {
  return !stat.isDirectory() && stat.nlink > 1n
}
