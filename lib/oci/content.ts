// The interfaces of a content store: other rooms depend on these instead of the store itself.
import type { Descriptor, Digest } from './types.ts'

/** Reads blobs by digest. */
export interface ContentReader {
  has(digest: Digest): boolean
  /**
   * The blob's bytes in chunks, verified while read: a blob that does not match its descriptor errors with
   * `DIGEST_MISMATCH` instead of ending. Errors with `BLOB_NOT_FOUND`.
   */
  open(descriptor: Pick<Descriptor, 'digest' | 'size'>, signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** A whole small blob (manifest, config), verified, of at most `limit` bytes (default 4 MiB). */
  read(descriptor: Pick<Descriptor, 'digest' | 'size'>, limit?: number): Promise<Uint8Array>
}

/** A reader that can leave the digest to the receiver: hashing is the most expensive part of moving a large blob. */
export interface UnhashedReader {
  /** Like `open` of ContentReader, but only the size is verified. */
  openUnhashed(descriptor: Pick<Descriptor, 'digest' | 'size'>, signal?: AbortSignal): AsyncIterable<Uint8Array>
}

/** Writes a blob into a store. Synchronous, since hot loops call it. */
export interface BlobWriter {
  /** Appends bytes. The caller may reuse their memory as soon as this returns. */
  write(chunk: Uint8Array): void
  /**
   * Makes the blob visible under its digest, atomically. Idempotent in effect: a blob that exists already is a
   * success.
   */
  commit(): { readonly digest: Digest; readonly size: number }
  /** Removes the unfinished blob. Does nothing after a commit. */
  abort(): void
}

/** A content store whose blobs are files on the local disk. */
export interface ContentStore extends ContentReader {
  /** The path of a blob's file, for reading at offsets. The file is immutable. Errors with `BLOB_NOT_FOUND`. */
  path(digest: Digest): string
  /** The path that the file of a blob has, or will have once the blob is there. */
  plannedPath(digest: Digest): string
  /** The size of a blob in bytes. Errors with `BLOB_NOT_FOUND`. */
  size(digest: Digest): number
  /** The bytes that new blobs may take. */
  freeSpace(): number
  /** Begins a new blob. */
  createWriter(): BlobWriter
  /** Adds a small blob. Idempotent. */
  put(bytes: Uint8Array, mediaType: string): Descriptor
  /** Derived data by digest, such as layer indexes. It may vanish at any time, and can be made again. */
  readDerived(kind: string, digest: Digest): Uint8Array | undefined
  /**
   * Writes derived data, atomically. Large data may come in pieces: each piece is written before the next is
   * requested, so pieces may share their memory.
   */
  writeDerived(kind: string, digest: Digest, bytes: Uint8Array | Iterable<Uint8Array>): void
}
