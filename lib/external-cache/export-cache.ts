// Exports the steps of a build to a cache, beside other builds that do the same.
import { setTimeout as sleep } from 'node:timers/promises'
import { TsbuildError } from '../base/errors.ts'
import type { LayerEncoding } from '../cache/layer-encodings.ts'
import type { BuildRecord } from '../cache/records.ts'
import type { DiffID } from '../oci/types.ts'
import { inParallel } from '../registry/in-parallel.ts'
import type { BlobOrigin } from '../registry/pull/pull-blobs.ts'
import { EMPTY_INDEX, encodeIndex, fingerprints, parseIndex, recordedLayer } from './index-format.ts'
import { type CacheLimits, isCovered, mergeIndexes } from './merge-indexes.ts'
import type { CacheBackend, CachedLayer, CacheIndex } from './types.ts'

export interface ExportCacheOptions {
  /** The records of the steps that the cache is to hold. */
  readonly records: readonly BuildRecord[]
  /** The time of the build (RFC 3339, UTC). */
  readonly time: string
  readonly limits: CacheLimits
  /** Whether the cache forgets what it had. */
  readonly forgets?: boolean
  /** The layer of a record as the cache is to hold it. Undefined if the store lost it: the record is left out. */
  readonly encode: (diffID: DiffID) => Promise<LayerEncoding | undefined>
  /** Reads the layers. */
  readonly reader: BlobOrigin
  readonly signal: AbortSignal
  /** Waits so many milliseconds. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

export interface ExportedCache {
  /** The bytes of layers that were sent. */
  readonly sent: number
  readonly records: number
  /** Whether the cache had all of it before. */
  readonly unchanged: boolean
}

const AT_ONCE = 3
/** The times that an index is written when other builds replace it by one that lacks records of this build. */
const ROUNDS = 20
/** Milliseconds to wait, at least, before it is checked whether another build replaced the index. */
const PAUSE = 500

/**
 * Adds the steps of a build to a cache. Layers go first, then the index, so that nobody finds a record without its
 * layer. No place can replace an index only if it is unchanged, so it is read again after it was written: when another
 * build wrote at the same time, and its index lacks records of this one, both are joined and written once more.
 * Errors as the backend does.
 */
export async function exportCache(backend: CacheBackend, options: ExportCacheOptions): Promise<ExportedCache> {
  const { limits, signal, wait = pause } = options
  const before = options.forgets ? EMPTY_INDEX : await readIndex(backend, signal)
  const layers = await encodeLayers(before, options)
  const added = addedIndex(layers, options)
  const records = added.records.length
  if (isCovered(before, added, limits)) return { sent: 0, records, unchanged: true }
  const held = new Set(before.layers.map(({ encoding }) => encoding.descriptor.digest))
  let sent = 0
  await inParallel(
    added.layers.filter(({ encoding }) => !held.has(encoding.descriptor.digest)),
    AT_ONCE,
    signal,
    async ({ encoding }, own) => {
      const bytes = await backend.put(encoding.descriptor, options.reader, own)
      sent += bytes
    },
  )
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    const current = options.forgets && round === 0 ? EMPTY_INDEX : await readIndex(backend, signal)
    if (round > 0 && holdsAll(current, added, limits)) break
    const merged = mergeIndexes(current, added, limits)
    await backend.write(
      encodeIndex(merged),
      merged.layers.map(({ encoding }) => encoding.descriptor),
      signal,
    )
    // A build that read the index before this one was written needs about as long as this one did to write its own.
    const spent = performance.now() - started
    await wait(Math.max(PAUSE, 3 * spent) * (1 + Math.random() * Math.min(round, 4)), signal)
  }
  return { sent, records, unchanged: false }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> => sleep(milliseconds, undefined, { signal })

/** A damaged index is replaced. */
async function readIndex(backend: CacheBackend, signal: AbortSignal): Promise<CacheIndex> {
  const bytes = await backend.read(signal)
  if (!bytes) return EMPTY_INDEX
  try {
    return parseIndex(bytes, backend.name)
  } catch (error) {
    if (error instanceof TsbuildError && error.code === 'CACHE_INVALID') return EMPTY_INDEX
    throw error
  }
}

/** The layers of the records, each as the cache holds it, or else as it is to be sent. */
async function encodeLayers(
  before: CacheIndex,
  { records, encode, signal }: ExportCacheOptions,
): Promise<ReadonlyMap<DiffID, CachedLayer>> {
  const layers = new Map(before.layers.map((layer) => [layer.diffID, layer]))
  const wanted = new Map<DiffID, CachedLayer>()
  for (const diffID of new Set(records.map(recordedLayer))) {
    signal.throwIfAborted()
    if (!diffID) continue
    const known = layers.get(diffID)
    const encoding = known?.encoding ?? (await encode(diffID))
    if (encoding) wanted.set(diffID, { diffID, encoding })
  }
  return wanted
}

function addedIndex(layers: ReadonlyMap<DiffID, CachedLayer>, { records, time }: ExportCacheOptions): CacheIndex {
  const kept = records.filter((record) => layers.has(recordedLayer(record) as DiffID))
  return {
    builds: [time],
    records: kept.map(({ version: _, ...record }) => ({ ...record, parts: fingerprints(record.parts), used: time })),
    layers: [...layers.values()],
  }
}

/** Whether an index has the records of a build, as far as the limits let it have them. */
function holdsAll(current: CacheIndex, added: CacheIndex, limits: CacheLimits): boolean {
  const keys = new Set(current.records.map(({ key }) => key))
  return mergeIndexes(current, added, limits).records.every(({ key }) => keys.has(key))
}
