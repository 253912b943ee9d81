// The entries of a layer. Paths are relative, `/`-separated, without leading or trailing slash, `.` or `..`;
// bytes that are not UTF-8 are kept as lone surrogates U+DC80..U+DCFF (see path-bytes.ts), so that any name
// survives.
import type { SparseMap } from './tar/sparse-map.ts'

/** The one extended attribute that layers carry. */
export const CAPABILITY = 'security.capability'

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'character' | 'block'

/** The metadata of one path, as a tar header holds it. */
export interface Entry {
  readonly path: string
  readonly type: EntryType
  /** Permission bits with setuid, setgid and sticky: 0..0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970, possibly with a fraction. */
  readonly mtime: number
  /** Bytes of content; 0 for everything but files. */
  readonly size: number
  /** Symlink: the target as written. Hardlink: the path of the first link, in this module's form. */
  readonly linkname?: string | undefined
  /** Extended attributes by full name, e.g. `security.capability`. */
  readonly xattrs?: Readonly<Record<string, Uint8Array>> | undefined
  readonly devMajor?: number | undefined
  readonly devMinor?: number | undefined
}

/** The location of a file's bytes. The layer writer reads all kinds synchronously. */
export type Content =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** A file on disk, read whole. It is an error (`CONTEXT_CHANGED`) if its size is no longer the entry's. */
  | { readonly kind: 'file'; readonly path: string }
  /** A range of a file on disk, e.g. of a plain layer tar in the store; `size` is the entry's. */
  | {
      readonly kind: 'range'
      readonly path: string
      readonly offset: number
      /** Set for a file with holes, of which less than `size` is stored. */
      readonly sparse?: SparseMap | undefined
    }

/**
 * The properties that every {@link Entry} has, as accessors of a class: the type checker then refuses `{
 * ...entry }`, which would lose the properties that an entry computes (context/disk-entry.ts). {@link
 * entryWith} in entry-with.ts makes a copy. Why entries compute properties: docs/decisions/entries.md.
 */
declare abstract class Unspreadable {
  abstract get path(): string
  abstract get type(): EntryType
  abstract get mode(): number
  abstract get uid(): number
  abstract get gid(): number
  abstract get mtime(): number
  abstract get size(): number
}

/**
 * An entry with its content (files only), ready to be written. It can't be spread, since it may compute its
 * properties.
 */
export interface SourceEntry extends Unspreadable, Omit<Entry, keyof Unspreadable> {
  readonly content?: Content | undefined
  /** sha256 of the content as hex, where it is known already. */
  readonly sha256?: string | undefined
  /** The status of a file on disk when the entry was made. It is compared after the content is read. */
  readonly stat?: FileStat | undefined
}

/** The status by which a file on disk is recognized as unchanged. Times in milliseconds since 1970. */
export interface FileStat {
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly ino: number
  readonly dev: number
}

/** An entry of a stored layer, with the position of its content in the plain tar. */
export interface LayerEntry extends Entry {
  /** Offset of the content in the uncompressed tar. */
  readonly offset: number
  /** sha256 of a file's content as hex, when the layer was written or indexed with hashing. */
  readonly sha256?: string | undefined
  /** Set for a file with holes, of which less than `size` is in the tar. */
  readonly sparse?: SparseMap | undefined
}

/** All entries of a layer in tar order. Whiteouts are entries with their `.wh.` names. */
export interface LayerIndex {
  readonly entries: readonly LayerEntry[]
  /** Bytes of the uncompressed tar. */
  readonly size: number
}
