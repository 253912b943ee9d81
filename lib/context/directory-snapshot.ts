// Snapshots of directories on disk: the names in them and their statuses. If a later comparison finds no
// difference, nothing has changed, and a layer that was made from the files can be reused without planning it
// again.
import { constants, statfsSync } from 'node:fs'
import { isSystemError } from '../base/errno.ts'
import { joinPath } from '../base/paths.ts'
import { isDirectoryMode, type ListedDirectory, RACY_MARGIN, STATUS, STATUS_FIELDS } from './list-directory.ts'

/** The names and statuses below a root at one moment. */
export interface DirectorySnapshot {
  /** The status of the root itself. */
  readonly root: Float64Array
  /**
   * The directories with their paths relative to the root, parents first. They are produced during iteration. A
   * number of a status is NaN if it is irrelevant for a directory, or unreliable.
   */
  readonly directories: Iterable<readonly [path: string, directory: ListedDirectory]>
}

/**
 * The snapshot of directories that were listed after `begun` (milliseconds since 1970). Undefined if a file is
 * not much older than that: it could change again without a new timestamp (git calls this "racily clean").
 */
export function takeSnapshot(
  rootPath: string,
  root: Float64Array,
  listed: ReadonlyMap<string, ListedDirectory>,
  begun: number,
): DirectorySnapshot | undefined {
  const isOld = (status: Float64Array, at: number): boolean =>
    Math.max(status[at + STATUS.mtimeMs] as number, status[at + STATUS.ctimeMs] as number) < begun - RACY_MARGIN
  const dev = updatesDirectoryTimes(rootPath) ? root[STATUS.dev] : undefined
  /** Whether the times of a directory prove that its names are unchanged. */
  const hasReliableTimes = (status: Float64Array, at: number): boolean =>
    status[at + STATUS.dev] === dev && isOld(status, at)

  for (const { status } of listed.values()) {
    for (let at = 0; at < status.length; at += STATUS_FIELDS) {
      if (!isDirectoryMode(status[at]) && !isOld(status, at)) return undefined
    }
  }
  const directories = function* (): Generator<readonly [string, ListedDirectory], void> {
    for (const [path, { names, status: now }] of listed) {
      const status = now.slice()
      for (let i = 0, at = 0; i < names.length; i++, at += STATUS_FIELDS) {
        if (!isDirectoryMode(status[at])) continue
        if (!listed.has(joinPath(path, names[i] ?? ''))) {
          status[at] = constants.S_IFDIR
          status.fill(Number.NaN, at + 1, at + STATUS_FIELDS)
        } else if (!hasReliableTimes(status, at)) status[at + STATUS.ctimeMs] = Number.NaN
      }
      yield [path, { names, status }]
    }
  }
  const rootStatus = root.slice()
  if (!hasReliableTimes(root, 0)) rootStatus[STATUS.ctimeMs] = Number.NaN
  return { root: rootStatus, directories: { [Symbol.iterator]: directories } }
}

/**
 * Whether everything below a root is as in a snapshot. `list` lists a directory, and may throw system errors.
 * It receives the names of the directory if the directory's times prove that they are unchanged.
 */
export function isUnchanged(
  root: Float64Array,
  snapshot: DirectorySnapshot,
  list: (path: string, names: readonly string[] | undefined) => ListedDirectory,
): boolean {
  let isSame = isSameDirectory(snapshot.root, root, 0)
  const untouched = new Set<string>(isUntouched(snapshot.root, root, 0) ? [''] : [])
  try {
    for (const [path, was] of snapshot.directories) {
      const now = list(path, untouched.has(path) ? was.names : undefined)
      if (!isSameNames(was.names, now.names)) isSame = false
      // The comparison continues after a difference, since a later read reuses the listings.
      else if (!compareStatus(path, was, now, untouched)) isSame = false
    }
    return isSame
  } catch (error) {
    // A directory was removed, or cannot be read any more.
    if (isSystemError(error)) return false
    throw error
  }
}

/**
 * Whether the entries of a directory are unchanged. Adds its subdirectories whose names are unchanged to
 * `untouched`.
 */
function compareStatus(path: string, was: ListedDirectory, now: ListedDirectory, untouched: Set<string>): boolean {
  let isSame = true
  for (let i = 0, at = 0; i < was.names.length; i++, at += STATUS_FIELDS) {
    if (isDirectoryMode(was.status[at])) {
      if (!isSameDirectory(was.status, now.status, at)) isSame = false
      if (isUntouched(was.status, now.status, at)) untouched.add(joinPath(path, was.names[i] ?? ''))
    } else {
      for (let field = at; field < at + STATUS_FIELDS; field++) {
        if (was.status[field] !== now.status[field]) isSame = false
      }
    }
  }
  return isSame
}

/**
 * Compares the mode and the time of a directory. A directory that was not read, say an ignored one, only has to
 * exist.
 */
function isSameDirectory(was: Float64Array, now: Float64Array, at: number): boolean {
  if (Number.isNaN(was[at + STATUS.mtimeMs])) return isDirectoryMode(now[at])
  return was[at] === now[at] && was[at + STATUS.mtimeMs] === now[at + STATUS.mtimeMs]
}

/** Whether the names in a directory are unchanged. An unreliable time is NaN, which equals nothing. */
function isUntouched(was: Float64Array, now: Float64Array, at: number): boolean {
  return (
    was[at + STATUS.ctimeMs] === now[at + STATUS.ctimeMs] &&
    was[at + STATUS.mtimeMs] === now[at + STATUS.mtimeMs] &&
    was[at + STATUS.ino] === now[at + STATUS.ino] &&
    was[at + STATUS.dev] === now[at + STATUS.dev]
  )
}

function isSameNames(was: readonly string[], now: readonly string[]): boolean {
  return was === now || (was.length === now.length && was.every((name, i) => name === now[i]))
}

/**
 * Local file systems of Linux, by the type that statfs(2) returns. On these the times of a directory change
 * with its names. On others, above all network file systems, the times may lag, so directories are listed
 * again.
 */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
  0x2fc12fc1, // ZFS
  0x01021994, // tmpfs
  0x794c7630, // overlayfs
])

function updatesDirectoryTimes(path: string): boolean {
  return process.platform === 'linux' && LOCAL_FILE_SYSTEMS.has(statfsSync(path).type)
}
