// Reads caches before a build, for their records. Layers are fetched later, if at all.

import { KEY_VERSION } from '../cache/cache-key.ts'
import type { LayerEncoding } from '../cache/layer-encodings.ts'
import type { BuildRecord } from '../cache/records.ts'
import type { Store } from '../cache/store.ts'
import type { CacheKey, DiffID, Digest } from '../oci/types.ts'
import type { BlobOrigin } from '../registry/pull/pull-blobs.ts'
import { cacheFailed, parseIndex } from './index-format.ts'
import type { CacheBackend, CacheIndex } from './types.ts'

/** The records and layers of the caches that a build imports. */
export interface ImportedCaches {
  /** The outcome for each cache, in the order given. */
  readonly reports: readonly ImportReport[]
  /** The records by their keys; of several with one key, that of the first cache. */
  readonly records: ReadonlyMap<CacheKey, BuildRecord>
  encodings(diffID: DiffID): readonly LayerEncoding[]
  /** The origins of all layers, by the digests of their blobs. */
  readonly origins: ReadonlyMap<Digest, BlobOrigin>
}

/** A cache that was read. */
export interface ImportReport {
  readonly name: string
  /** Undefined if there is no cache yet, or if reading it failed. */
  readonly index: CacheIndex | undefined
  /** Why reading failed, with `CACHE_FAILED`. */
  readonly failure?: Error
}

/** Reads the indexes of caches, all at once. A cache that can't be read is reported, and never an error. */
export async function importCaches(backends: readonly CacheBackend[], signal: AbortSignal): Promise<ImportedCaches> {
  const reports = await Promise.all(backends.map((backend) => readReport(backend, signal)))
  const records = new Map<CacheKey, BuildRecord>()
  const encodings = new Map<DiffID, LayerEncoding[]>()
  const origins = new Map<Digest, BlobOrigin>()
  for (const [at, { index }] of reports.entries()) {
    const backend = backends[at]
    if (!index || !backend) continue
    const layers = reportingOrigin(backend)
    for (const { used: _, ...record } of index.records) {
      if (!records.has(record.key)) records.set(record.key, { ...record, version: KEY_VERSION })
    }
    for (const { diffID, encoding } of index.layers) {
      encodings.set(diffID, [...(encodings.get(diffID) ?? []), encoding])
      if (!origins.has(encoding.descriptor.digest)) origins.set(encoding.descriptor.digest, layers)
    }
  }
  return { reports, records, encodings: (diffID) => encodings.get(diffID) ?? [], origins }
}

async function readReport(backend: CacheBackend, signal: AbortSignal): Promise<ImportReport> {
  const { name } = backend
  try {
    const bytes = await backend.read(signal)
    return { name, index: bytes && parseIndex(bytes, `the cache ${JSON.stringify(name)}`) }
  } catch (error) {
    signal.throwIfAborted()
    return { name, index: undefined, failure: cacheFailed(`can't import the cache ${JSON.stringify(name)}`, error) }
  }
}

/** The layers of a cache. A layer that can't be fetched errors with `CACHE_FAILED`. */
function reportingOrigin({ name, layers }: CacheBackend): BlobOrigin {
  const failed = (error: unknown): Error =>
    cacheFailed(`can't fetch a layer of the cache ${JSON.stringify(name)}`, error)
  const open = async function* (chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    try {
      yield* chunks
    } catch (error) {
      signal?.throwIfAborted()
      throw failed(error)
    }
  }
  return {
    has: (digest) => layers.has(digest),
    read: (wanted, limit) => layers.read(wanted, limit).catch((error: unknown) => Promise.reject(failed(error))),
    open: (wanted, signal) => open(layers.open(wanted, signal), signal),
    openUnhashed: (wanted, signal) => open((layers.openUnhashed ?? layers.open)(wanted, signal), signal),
  }
}

/** A store that also finds what the imported caches hold. It has their layers when they are read. */
export function withImported(store: Store, imported: ImportedCaches): Store {
  return {
    ...store,
    records: { ...store.records, find: (key) => store.records.find(key) ?? imported.records.get(key) },
    layers: {
      ...store.layers,
      encodings: (diffID) => {
        const local = store.layers.encodings(diffID)
        const known = new Set(local.map(({ descriptor }) => descriptor.digest))
        return [...local, ...imported.encodings(diffID).filter(({ descriptor }) => !known.has(descriptor.digest))]
      },
    },
  }
}
