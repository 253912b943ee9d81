// Joins what a cache holds with what a build exports, and prunes what no build has used for long.
import { recordedLayer } from './index-format.ts'
import type { CachedLayer, CacheIndex, CacheRecord } from './types.ts'

/** The limits of a cache. What was used last stays. */
export interface CacheLimits {
  /** Records that none of the last so many builds used are removed. */
  readonly keep: number
  /** The bytes of all layers, as they are stored. */
  readonly maxSize?: number | undefined
}

/** The builds that a cache remembers unless it is told otherwise. */
export const DEFAULT_KEEP = 20

/**
 * Both indexes as one, within the limits. A record of both has the later time of use. Of two results for one key, that
 * of `held` stays, since later steps are recorded for it.
 */
export function mergeIndexes(held: CacheIndex, added: CacheIndex, { keep, maxSize }: CacheLimits): CacheIndex {
  const builds = [...new Set([...added.builds, ...held.builds])].sort().reverse().slice(0, keep)
  const oldest = builds.length < keep ? '' : (builds.at(-1) ?? '')
  const records = new Map<string, CacheRecord>()
  for (const record of [...held.records, ...added.records]) {
    const known = records.get(record.key)
    if (!known) records.set(record.key, record)
    else if (known.used < record.used) records.set(record.key, { ...known, used: record.used })
  }
  const layers = new Map<string, CachedLayer>()
  for (const layer of [...held.layers, ...added.layers]) if (!layers.has(layer.diffID)) layers.set(layer.diffID, layer)
  const kept = withinSize(
    [...records.values()].filter(({ used }) => used >= oldest),
    layers,
    maxSize,
  )
  const named = new Set(kept.map(recordedLayer))
  return { builds, records: kept, layers: [...layers.values()].filter(({ diffID }) => named.has(diffID)) }
}

/** The layers that one manifest may have: registries and clients refuse larger ones. */
const MAX_LAYERS = 500

/** The records that were used last, as many as have their layers in `maxSize` bytes. */
function withinSize(
  records: readonly CacheRecord[],
  layers: ReadonlyMap<string, CachedLayer>,
  maxSize: number | undefined,
): readonly CacheRecord[] {
  if (maxSize === undefined && layers.size <= MAX_LAYERS) return records
  const counted = new Set<string>()
  let size = 0
  return [...records]
    .sort((a, b) => (a.used === b.used ? (a.key < b.key ? -1 : 1) : a.used < b.used ? 1 : -1))
    .filter((record) => {
      const diffID = recordedLayer(record) ?? ''
      if (counted.has(diffID)) return true
      const own = layers.get(diffID)?.encoding.descriptor.size ?? 0
      if (size + own > (maxSize ?? Number.POSITIVE_INFINITY) || counted.size === MAX_LAYERS) return false
      size += own
      counted.add(diffID)
      return true
    })
}

/**
 * Whether a cache has everything that a build adds, and none of it is soon forgotten: then nothing has to be written.
 */
export function isCovered(held: CacheIndex, added: CacheIndex, { keep }: CacheLimits): boolean {
  const records = new Map(held.records.map((record) => [record.key, record]))
  const layers = new Set(held.layers.map(({ diffID }) => diffID))
  const recent = held.builds.slice(0, Math.ceil(keep / 2)).at(-1) ?? ''
  return (
    added.layers.every(({ diffID }) => layers.has(diffID)) &&
    added.records.every(({ key }) => (records.get(key)?.used ?? '') >= recent && records.has(key))
  )
}
