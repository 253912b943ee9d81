// Listings of directories with statuses as numbers: objects for 60,000 files would take longer than their system calls.
import { constants, lstatSync, type Stats } from 'node:fs'
import { toFsPath } from '../layers/paths/path-bytes.ts'
import { readNames } from './read-names.ts'

/** The entries of one directory: {@link STATUS_FIELDS} numbers for each name. */
export interface ListedDirectory {
  /** Sorted. */
  readonly names: readonly string[]
  readonly status: Float64Array
}

/** The offsets of the numbers in the status of an entry. Times are in milliseconds since 1970. */
export const STATUS = { mode: 0, mtimeMs: 1, ctimeMs: 2, size: 3, ino: 4, dev: 5, nlink: 6 } as const
export const STATUS_FIELDS = 7

/**
 * Milliseconds of age from which the timestamps of a file prove that it is unchanged. It exceeds the timestamp
 * resolution of every common file system (FAT has 2 s).
 */
export const RACY_MARGIN = 2000

/** Lists a directory on disk. If `names` are given, they are known to be its names, and the directory is not read. */
export function listDirectory(directory: string, names: readonly string[] = readNames(directory)): ListedDirectory {
  const status = new Float64Array(names.length * STATUS_FIELDS)
  for (let i = 0; i < names.length; i++) {
    writeStatus(status, i * STATUS_FIELDS, lstatSync(toFsPath(`${directory}/${names[i]}`)))
  }
  return { names, status }
}

export function statusOf(stat: Stats): Float64Array {
  const status = new Float64Array(STATUS_FIELDS)
  writeStatus(status, 0, stat)
  return status
}

function writeStatus(status: Float64Array, at: number, stat: Stats): void {
  status[at] = stat.mode
  status[at + 1] = stat.mtimeMs
  status[at + 2] = stat.ctimeMs
  status[at + 3] = stat.size
  status[at + 4] = stat.ino
  status[at + 5] = stat.dev
  status[at + 6] = stat.nlink
}

export function isDirectoryMode(mode: number | undefined): boolean {
  return ((mode ?? 0) & constants.S_IFMT) === constants.S_IFDIR
}
