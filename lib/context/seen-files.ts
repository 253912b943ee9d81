// What was seen of a directory on disk, as one digest of names and status: when it comes out the same again, nothing has changed, and
// nothing that was made from it has to be planned again.
import { createHash, type Hash } from 'node:crypto'
import { constants, lstatSync, type Stats } from 'node:fs'
import { toFsPath } from '../layers/path-bytes.ts'
import { joinPath } from './paths.ts'
import { readNames } from './read-names.ts'

/** The directories that were listed, relative to a root, in the order of the first time, and the digest of what was in them. */
export interface SeenFiles {
  readonly directories: readonly string[]
  readonly digest: string
}

/** The entries of one directory: {@link STATUS_FIELDS} numbers for each name. */
export interface ListedDirectory {
  readonly names: readonly string[]
  readonly status: Float64Array
}

/** mode, mtimeMs, ctimeMs, size, ino, dev, nlink. */
export const STATUS_FIELDS = 7

/** Coarser than the time stamps of any file system in use (FAT: 2 s). */
const MARGIN = 2000

/** Lists a directory on disk. Numbers, since objects for 60,000 files would cost more than their system calls. */
export function listDirectory(directory: string): ListedDirectory {
  const names = readNames(directory)
  const status = new Float64Array(names.length * STATUS_FIELDS)
  for (let i = 0, at = 0; i < names.length; i++, at += STATUS_FIELDS) {
    const stat = lstatSync(toFsPath(`${directory}/${names[i]}`))
    status[at] = stat.mode
    status[at + 1] = stat.mtimeMs
    status[at + 2] = stat.ctimeMs
    status[at + 3] = stat.size
    status[at + 4] = stat.ino
    status[at + 5] = stat.dev
    status[at + 6] = stat.nlink
  }
  return { names, status }
}

/**
 * What was seen since `begun` (milliseconds since 1970). Undefined if a file is hardly older than that: it could change once more
 * without getting another time stamp, which git calls racily clean.
 */
export function seenFiles(
  root: Stats,
  listed: ReadonlyMap<string, ListedDirectory>,
  begun: number,
): SeenFiles | undefined {
  for (const { status } of listed.values()) {
    for (let at = 0; at < status.length; at += STATUS_FIELDS) {
      const newest = Math.max(status[at + 1] as number, status[at + 2] as number)
      if (newest >= begun - MARGIN && !isDirectory(status[at] as number)) return undefined
    }
  }
  const digest = createDigest(root)
  for (const [path, directory] of listed) addDirectory(digest, path, directory, listed)
  return { directories: [...listed.keys()], digest: digest.digest('hex') }
}

/** Whether all that was seen below a root is still the same. `list` is asked for each directory, and may throw what the system says. */
export function isUnchanged(root: Stats, seen: SeenFiles, list: (path: string) => ListedDirectory): boolean {
  const listed = new Set(seen.directories)
  try {
    const digest = createDigest(root)
    for (const path of seen.directories) addDirectory(digest, path, list(path), listed)
    return digest.digest('hex') === seen.digest
  } catch (error) {
    // It went away, or can't be read any more.
    if (error instanceof Error && 'syscall' in error) return false
    throw error
  }
}

function createDigest(root: Stats): Hash {
  return createHash('sha256').update(`${root.mode} ${root.mtimeMs}\n`)
}

/** Of a directory only what its entry says counts; of one that nobody looked into, as one that is ignored, not even that. */
function addDirectory(
  digest: Hash,
  path: string,
  { names, status }: ListedDirectory,
  listed: { has(path: string): boolean },
): void {
  const counted = status.slice()
  for (let i = 0; i < names.length; i++) {
    const at = i * STATUS_FIELDS
    const mode = counted[at] as number
    if (!isDirectory(mode)) continue
    const isListed = listed.has(joinPath(path, names[i] ?? ''))
    if (!isListed) counted[at] = constants.S_IFDIR
    counted.fill(0, at + (isListed ? 2 : 1), at + STATUS_FIELDS)
  }
  digest.update(JSON.stringify([path, names])).update(counted)
}

function isDirectory(mode: number): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFDIR
}
