import { hasErrno } from '../../base/errno.ts'
import { chooseParts, type SpaceTargets } from '../../cache/space/choose-parts.ts'
import { removeParts } from '../../cache/space/remove-parts.ts'
import { storedParts } from '../../cache/space/stored-parts.ts'
import { parseUsageFilters } from '../../cache/space/usage-filter.ts'
import { recordOf, type UsageRecord } from '../../cache/space/usage-record.ts'
import { type StoreOption, useStore } from '../../cache/use-store.ts'
import { removeTree } from '../../executor/worker/root/remove-tree.ts'
import { rootOf } from './root-of.ts'

export interface PruneOptions extends SpaceTargets {
  /** The store: a directory, or an object that was opened from one; default as in build(). */
  readonly store?: StoreOption
  /**
   * Remove other encodings of layers of images with names, too, and notes, such as which image a name led to when its
   * registry was asked.
   */
  readonly all?: boolean
  /** Filters as of `tsbuild prune --filter`, all of which have to match. */
  readonly filters?: readonly string[]
}

/** The result of a removal. */
export interface PruneReport {
  /** The removed parts, the least recently used first. */
  readonly removed: readonly UsageRecord[]
  /** Their bytes. */
  readonly reclaimed: number
}

/**
 * Removes what builds can make again, the least recently used first: all of it, or until the targets are reached.
 * Images with names stay, and so does what processes are using. A kill at any moment, and builds that run meanwhile, do
 * no harm. Errors as diskUsage() does.
 *
 * @example
 * ```ts
 * import { build, prune } from '@tsbuild/tsbuild'
 *
 * const store = 'pruned'
 * await build({ store, context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]) })
 * const { removed, reclaimed } = await prune({ store, filters: ['type=regular'] })
 * console.log(removed.length > 0, reclaimed > 0) // true true
 * ```
 */
export async function prune(options: PruneOptions = {}): Promise<PruneReport> {
  const { filters = [], all, maxUsedSpace, minFreeSpace, reservedSpace } = options
  const { matches, unusedFor } = parseUsageFilters(filters)
  if (typeof options.store === 'object') options.store.leases?.releaseIdle()
  const store = useStore(options.store)
  try {
    const root = rootOf(store)
    const choice = { all, unusedFor, filter: matches, maxUsedSpace, minFreeSpace, reservedSpace }
    const chosen = chooseParts(await storedParts(root), choice, { freeSpace: store.freeSpace() })
    const left: string[] = []
    const removed = (await removeParts(root, chosen, (path) => removeOrLeave(path, left))).map(recordOf)
    if (left.length > 0) {
      const { removeLeftTrees } = await import('../../executor/run/remove-left-trees.ts')
      await removeLeftTrees(root)
    }
    return { removed, reclaimed: removed.reduce((sum, { size }) => sum + size, 0) }
  } finally {
    store.close()
  }
}

/** Removes a directory, or notes that files in it belong to other users, such as subordinate ones. */
function removeOrLeave(path: string, left: string[]): void {
  try {
    removeTree(path)
  } catch (error) {
    if (!hasErrno(error, 'EACCES', 'EPERM')) throw error
    left.push(path)
  }
}
