// Unpacked root filesystems that one step after another changes in namespaces, since unpacking a root takes longer than
// most steps.
import type { Snapshot } from '../../../layers/diff/snapshot.ts'
import { removeTree } from './remove-tree.ts'

/** A root filesystem in one directory, all of its layers unpacked. */
export interface UnpackedRoot {
  readonly directory: string
  /** The files as the last step left them. */
  readonly snapshot: Snapshot
}

/** Roots that no step uses, by the chain ID of their layers. */
export interface ReusableRoots {
  take(chainID: string): UnpackedRoot | undefined
  /** Offers a root for reuse. Removes the oldest root if there are too many. */
  giveBack(chainID: string, root: UnpackedRoot): void
}

const ROOTS_LIMIT = 2

export function createReusableRoots(): ReusableRoots {
  const roots = new Map<string, UnpackedRoot>()
  const take = (chainID: string): UnpackedRoot | undefined => {
    const root = roots.get(chainID)
    roots.delete(chainID)
    return root
  }
  const giveBack = (chainID: string, root: UnpackedRoot): void => {
    // Two steps that ran at once can end with the same layers.
    const previous = take(chainID)
    if (previous) removeTree(previous.directory)
    roots.set(chainID, root)
    for (const [oldest, { directory }] of roots) {
      if (roots.size <= ROOTS_LIMIT) break
      roots.delete(oldest)
      removeTree(directory)
    }
  }
  return { take, giveBack }
}
