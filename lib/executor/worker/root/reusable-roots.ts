// Whole root filesystems on disk, which steps change in place one after another: to unpack one anew takes longer than most steps.
import type { Snapshot } from '../../../layers/diff/snapshot.ts'
import { removeTree } from './remove-tree.ts'

export interface MergedRoot {
  readonly directory: string
  /** As the last step left it. */
  readonly snapshot: Snapshot
}

/** Roots that no step uses, by the layers that they are. */
export interface IdleRoots {
  take(key: string): MergedRoot | undefined
  /** Removes the oldest if there are too many. */
  giveBack(key: string, root: MergedRoot): void
}

const LIMIT = 2

export function createIdleRoots(): IdleRoots {
  const roots = new Map<string, MergedRoot>()
  const take = (key: string): MergedRoot | undefined => {
    const root = roots.get(key)
    roots.delete(key)
    return root
  }
  const giveBack = (key: string, root: MergedRoot): void => {
    // The same layers come twice where steps without a key ran at once.
    const former = take(key)
    if (former) removeTree(former.directory)
    roots.set(key, root)
    for (const [oldest, { directory }] of roots) {
      if (roots.size <= LIMIT) break
      roots.delete(oldest)
      removeTree(directory)
    }
  }
  return { take, giveBack }
}
