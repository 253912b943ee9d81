// Layer indexes as bytes, in columns: a layer of 60,000 entries is read in some tens of milliseconds. Magic and
// version, CRC-32 of the rest, then the size of the tar, counts, fixed-size records, the hashes of the files
// that have one, paths and link targets (each ending in NUL), and JSON for rare properties.
import type { EntryType } from '../entry.ts'

const VERSION = 1
export const MAGIC: Buffer = Buffer.from(`tsbuild layer index ${VERSION}\n`, 'latin1')
export const HEAD: number = MAGIC.length + 4
export const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'fifo', 'character', 'block']
/** Per entry: type, mode, uid, gid, mtime, size, offset. */
export const RECORD: number = 1 + 2 + 4 + 4 + 8 + 8 + 8

/** The rare properties of entries, as JSON: `[position, value]`. */
export interface Rare {
  readonly xattrs: readonly (readonly [number, Readonly<Record<string, string>>])[]
  readonly devices: readonly (readonly [number, number, number])[]
  /** Offsets and lengths in turn, of files with holes. */
  readonly sparse?: readonly (readonly [number, readonly number[]])[]
}

export function isLink(type: EntryType): boolean {
  return type === 'symlink' || type === 'hardlink'
}

export function hasDevice(type: EntryType): boolean {
  return type === 'character' || type === 'block'
}
