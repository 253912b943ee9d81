// Caches outside of the store, as data.
import type { LayerEncoding } from '../cache/layer-encodings.ts'
import type { BuildRecord } from '../cache/records.ts'
import type { Descriptor, DiffID } from '../oci/types.ts'
import type { BlobOrigin } from '../registry/pull/pull-blobs.ts'

/**
 * A place that keeps one cache: an index, and the layers that the index names. The library has backends for
 * registries and directories; a program can bring its own.
 *
 * What comes from a backend is not trusted further than its content: layers are verified by their digests, and an
 * index that is damaged counts as none. But whoever can write a cache can put any files into the images built from it.
 */
export interface CacheBackend {
  /** The place, for messages, e.g. `localhost:5000/app:cache`. */
  readonly name: string
  /** Reads layers of the cache, by the descriptors that its index has. */
  readonly layers: BlobOrigin
  /** The bytes of the index; undefined if there is no cache yet. */
  read(signal?: AbortSignal): Promise<Uint8Array | undefined>
  /** Brings a layer to the place, unless it is there. Returns the bytes that were sent. */
  put(layer: Descriptor, from: BlobOrigin, signal?: AbortSignal): Promise<number>
  /** Replaces the index, atomically. All layers that it names have been put. The last writer wins. */
  write(index: Uint8Array, layers: readonly Descriptor[], signal?: AbortSignal): Promise<void>
}

/** The result of a step in a cache. The values of `parts` are fingerprints, not the values of the key's parts. */
export interface CacheRecord extends Omit<BuildRecord, 'version'> {
  /** The time of the last build that used the record (RFC 3339). */
  readonly used: string
}

/** A layer that a cache holds, in one encoding. */
export interface CachedLayer {
  readonly diffID: DiffID
  readonly encoding: LayerEncoding
}

/** The content of a cache. */
export interface CacheIndex {
  /** The times of the last builds that were exported, the newest first (RFC 3339). */
  readonly builds: readonly string[]
  readonly records: readonly CacheRecord[]
  readonly layers: readonly CachedLayer[]
}
