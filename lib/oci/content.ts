// The smallest interfaces that other folders need of a content store, so that they need not know the store itself.
import type { Descriptor, Digest } from './types.ts'

/** Reads blobs by digest. */
export interface ContentReader {
  has(digest: Digest): boolean
  /**
   * The blob's bytes in chunks. Verified while read: errors with `DIGEST_MISMATCH` at the end rather than ending, if the bytes
   * are not those of the descriptor. Errors with `BLOB_NOT_FOUND`.
   */
  open(descriptor: Pick<Descriptor, 'digest' | 'size'>, signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** The whole of a small blob (manifest, config): verified, at most `limit` bytes (default 4 MiB). */
  read(descriptor: Pick<Descriptor, 'digest' | 'size'>, limit?: number): Promise<Uint8Array>
}

/** A reader that can leave the digest to whoever gets the bytes: computing it is the dearest part of moving a large blob. */
export interface UnhashedReader {
  /** As `open` of ContentReader, of the right size, but for the digest. @internal */
  openUnhashed(descriptor: Pick<Descriptor, 'digest' | 'size'>, signal?: AbortSignal): AsyncIterable<Uint8Array>
}

/** A blob on its way into a store. Synchronous, since it is fed by hot loops. */
export interface BlobWriter {
  /** Appends bytes; they may be reused by the caller as soon as this returns. */
  write(chunk: Uint8Array): void
  /** Makes the blob visible under its digest, atomically. Idempotent in effect: if the blob exists already, that is success. */
  commit(): { readonly digest: Digest; readonly size: number }
  /** Removes what was written. Safe after commit: then it does nothing. */
  abort(): void
}

/** A content store on the local disk. */
export interface ContentStore extends ContentReader {
  /** The path of a blob's file, for reading at offsets. The file is immutable. Errors with `BLOB_NOT_FOUND`. @internal */
  path(digest: Digest): string
  /** @internal */
  size(digest: Digest): number
  /** @internal */
  createWriter(): BlobWriter
  /** @internal */
  put(bytes: Uint8Array, mediaType: string): Descriptor
  /** Derived data by digest (layer indexes and such): may vanish at any time and be made again. @internal */
  readDerived(kind: string, digest: Digest): Uint8Array | undefined
  /** Atomic. What is large may come in pieces: each is written before the next is asked for, so that they may share their memory. @internal */
  writeDerived(kind: string, digest: Digest, bytes: Uint8Array | Iterable<Uint8Array>): void
}
