// What was seen of a directory on disk, as names and status: when they come out the same again, nothing has changed, and
// nothing that was made from it has to be planned again.
import { constants, statfsSync } from 'node:fs'
import { isSystemError } from '../base/errno.ts'
import { joinPath } from '../base/paths.ts'
import { isDirectoryMode, type ListedDirectory, RACY_MARGIN, STATUS, STATUS_FIELDS } from './list-directory.ts'

/** What was listed below a root. */
export interface SeenFiles {
  /** The status of the root itself. */
  readonly root: Float64Array
  /**
   * By their path relative to the root, parents first; made as they are asked for. Of what doesn't count in the status of a directory, or
   * can't be relied on, the numbers are NaN.
   */
  readonly directories: Iterable<readonly [path: string, directory: ListedDirectory]>
}

/**
 * What was seen since `begun` (milliseconds since 1970). Undefined if a file is hardly older than that: it could change once more
 * without getting another time stamp, which git calls racily clean.
 */
export function seenFiles(
  rootPath: string,
  root: Float64Array,
  listed: ReadonlyMap<string, ListedDirectory>,
  begun: number,
): SeenFiles | undefined {
  const isOld = (status: Float64Array, at: number): boolean =>
    Math.max(status[at + STATUS.mtimeMs] as number, status[at + STATUS.ctimeMs] as number) < begun - RACY_MARGIN
  const dev = keepsDirectoryTimes(rootPath) ? root[STATUS.dev] : undefined
  const tellsNames = (status: Float64Array, at: number): boolean => status[at + STATUS.dev] === dev && isOld(status, at)

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
        } else if (!tellsNames(status, at)) status[at + STATUS.ctimeMs] = Number.NaN
      }
      yield [path, { names, status }]
    }
  }
  const rootStatus = root.slice()
  if (!tellsNames(root, 0)) rootStatus[STATUS.ctimeMs] = Number.NaN
  return { root: rootStatus, directories: { [Symbol.iterator]: directories } }
}

/**
 * Whether all that was seen below a root is still the same. `list` is asked for each directory, and may throw what the system says. It gets the
 * names if the directory's own times tell that they are the same.
 */
export function isUnchanged(
  root: Float64Array,
  seen: SeenFiles,
  list: (path: string, names: readonly string[] | undefined) => ListedDirectory,
): boolean {
  let isSame = isSameDirectory(seen.root, root, 0)
  const untouched = new Set<string>(isUntouched(seen.root, root, 0) ? [''] : [])
  try {
    for (const [path, was] of seen.directories) {
      const now = list(path, untouched.has(path) ? was.names : undefined)
      if (!isSameNames(was.names, now.names)) isSame = false
      // On to the end, since what is listed now need not be listed when it is read.
      else if (!compareStatus(path, was, now, untouched)) isSame = false
    }
    return isSame
  } catch (error) {
    // It went away, or can't be read any more.
    if (isSystemError(error)) return false
    throw error
  }
}

/** Adds the directories in this one that nothing was added to or removed from. */
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

/** Of a directory only mode and time count; of one that nobody looked into, as one that is ignored, not even that. */
function isSameDirectory(was: Float64Array, now: Float64Array, at: number): boolean {
  if (Number.isNaN(was[at + STATUS.mtimeMs])) return isDirectoryMode(now[at])
  return was[at] === now[at] && was[at + STATUS.mtimeMs] === now[at + STATUS.mtimeMs]
}

/** NaN, the time that can't be relied on, is never the same. */
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
 * Local file systems of Linux, by the numbers that statfs(2) gives: there a directory's times change with its names. Elsewhere, on network
 * file systems above all, they may be late, so that directories are listed again.
 */
const LOCAL: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
  0x2fc12fc1, // ZFS
  0x01021994, // tmpfs
  0x794c7630, // overlayfs
])

function keepsDirectoryTimes(path: string): boolean {
  return process.platform === 'linux' && LOCAL.has(statfsSync(path).type)
}
