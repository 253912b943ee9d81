// What a layer is made of. Paths are relative, `/`-separated, without leading or trailing slash, `.` or `..`; bytes that are not
// UTF-8 are kept as lone surrogates U+DC80..U+DCFF (see path-bytes.ts), so that any name survives.
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

/** Where a file's bytes are. All forms are read synchronously by the layer writer. */
export type Content =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** A file on disk, read whole. It is an error (`CONTEXT_CHANGED`) if its size is no longer the entry's. */
  | { readonly kind: 'file'; readonly path: string }
  /** A range of a file on disk, e.g. of a plain layer tar in the store; `size` is the entry's. */
  | {
      readonly kind: 'range'
      readonly path: string
      readonly offset: number
      /** For a file with holes: there is less of it than `size`. */
      readonly sparse?: SparseMap | undefined
    }

/**
 * What an {@link Entry} has without exception, as accessors of a class: so the type checker refuses `{ ...entry }`, which would lose what an
 * entry computes when it is asked for (context/disk-entry.ts). See {@link entryWith} in entry-with.ts for a copy.
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

/** An entry with its bytes (files only), ready to be written. Its properties need not be its own: it can't be spread. */
export interface SourceEntry extends Unspreadable, Omit<Entry, keyof Unspreadable> {
  readonly content?: Content | undefined
  /** sha256 of the content as hex, where it is known already. */
  readonly sha256?: string | undefined
  /** For a file on disk: as it was when the entry was made. With a `sha256` it is compared once the content is read. */
  readonly stat?: FileStat | undefined
}

/** What tells that a file on disk is still the same. Times in milliseconds since 1970. */
export interface FileStat {
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly ino: number
  readonly dev: number
}

/** An entry of a stored layer: knows where its bytes are in the plain tar. */
export interface LayerEntry extends Entry {
  /** Offset of the content in the uncompressed tar. */
  readonly offset: number
  /** sha256 of a file's content as hex, when the layer was written or indexed with hashing. */
  readonly sha256?: string | undefined
  /** For a file with holes: there is less of it in the tar than `size`. */
  readonly sparse?: SparseMap | undefined
}

/** All entries of a layer in tar order, whiteouts (`.wh.` names) as they are. */
export interface LayerIndex {
  readonly entries: readonly LayerEntry[]
  /** Bytes of the uncompressed tar. */
  readonly size: number
}
