import { cacheSize } from '../../cache/space/choose-parts.ts'
import { storedParts } from '../../cache/space/stored-parts.ts'
import { parseUsageFilters } from '../../cache/space/usage-filter.ts'
import { recordOf, type UsageRecord } from '../../cache/space/usage-record.ts'
import { type StoreOption, useStore } from '../../cache/use-store.ts'
import { rootOf } from './root-of.ts'

/** The use of the disk by a store. All sizes are in bytes. */
export interface DiskUsage {
  /** The parts, the most recently used first. */
  readonly records: readonly UsageRecord[]
  /** The size of all these records. */
  readonly total: number
  /** The size of those that can be removed. */
  readonly reclaimable: number
  /** The size of images with names, and of what belongs to their layers. */
  readonly shared: number
}

export interface DiskUsageOptions {
  /** The store: a directory, or an object that was opened from one; default as in build(). */
  readonly store?: StoreOption
  /** Filters as of `tsbuild du --filter`, all of which have to match. */
  readonly filters?: readonly string[]
}

/**
 * The parts of a store: what takes space, when it was last used, and what can be removed. Errors with `OPTION_INVALID`
 * for a filter, with `UNSUPPORTED` for a store that is not a directory, and with `STORE_IO`.
 *
 * @example
 * ```ts
 * import { build, diskUsage } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['app:1'] })
 * const { records } = await diskUsage({ filters: ['type=image'] })
 * console.log(records.some(({ names }) => names?.includes('docker.io/library/app:1'))) // true
 * ```
 */
export async function diskUsage(options: DiskUsageOptions = {}): Promise<DiskUsage> {
  const filter = parseUsageFilters(options.filters ?? [])
  const store = useStore(options.store)
  try {
    const before = Date.now() - filter.unusedFor
    const records = (await storedParts(rootOf(store)))
      .map(recordOf)
      .filter((record) => filter.matches(record) && Date.parse(record.lastUsed) <= before)
      .reverse()
    const sum = (some: readonly UsageRecord[]): number => some.reduce((all, { size }) => all + size, 0)
    const total = sum(records)
    return {
      records,
      total,
      reclaimable: sum(records.filter(({ reclaimable }) => reclaimable)),
      shared: total - cacheSize(records),
    }
  } finally {
    store.close()
  }
}
