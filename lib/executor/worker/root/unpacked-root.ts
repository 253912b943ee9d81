// A root filesystem in one directory, where layers can't be stacked. A snapshot before and after the step tells its
// changes.
import { renameSync } from 'node:fs'
import { captureSnapshot, renewSnapshot, type Snapshot, takeSnapshot } from '../../../layers/diff/snapshot.ts'
import { ensurePlainLayer } from '../../../layers/index/plain-layer.ts'
import type { UnionView } from '../../../layers/union/union-view.ts'
import { unpackRoot } from '../../../layers/unpack/unpack-root.ts'
import { nextChainID } from '../../../oci/chain-id.ts'
import { layersOf, stackKey, viewOf } from '../../filesystem.ts'
import type { Filesystem } from '../../session.ts'
import type { WorkerContext } from '../worker-context.ts'
import { removeTree } from './remove-tree.ts'
import type { UnpackedRoot } from './reusable-roots.ts'
import type { RunRoot } from './run-root.ts'
import { withSourceDateEpoch } from './source-date-epoch.ts'

/**
 * Continues in the root of a previous step with the same layers, or unpacks them; with `kept`, continues in the root
 * of a kept step.
 */
export async function openUnpackedRoot(
  filesystem: Filesystem,
  context: WorkerContext,
  kept: string | undefined,
): Promise<RunRoot> {
  const below = await viewOf(filesystem, context)
  const existing = kept
    ? { directory: kept, snapshot: takeSnapshot(kept) }
    : context.reusableRoots.take(stackKey(filesystem))
  const { directory, snapshot } = existing ?? (await unpack(filesystem, below, context))
  let after: Snapshot | undefined
  let open = true
  return {
    directory,
    capture: (options, timestamp) => {
      const { exactModes } = context
      const found = takeSnapshot(directory)
      const entries = captureSnapshot({
        root: directory,
        before: snapshot,
        after: found,
        below,
        exactModes,
        ...options,
      })
      const timed = withSourceDateEpoch(entries, directory, timestamp)
      const paths = timed.map(({ path }) => path)
      after = timestamp === undefined ? found : renewSnapshot(directory, found, paths)
      return timed
    },
    keep: async (diffID) => {
      open = false
      if (!after) throw new Error('bug: a root is kept before its changes were captured')
      context.reusableRoots.giveBack(nextChainID(filesystem.chainID, diffID), { directory, snapshot: after })
    },
    moveChanges: async (destination) => {
      open = false
      renameSync(directory, destination)
    },
    discard: async () => {
      if (open && !kept) removeTree(directory)
      open = false
    },
  }
}

async function unpack(filesystem: Filesystem, view: UnionView, context: WorkerContext): Promise<UnpackedRoot> {
  const { store, signal } = context
  for (const { layer } of layersOf(filesystem)) await ensurePlainLayer(store, layer, signal)
  const directory = context.temporary()
  await unpackRoot(view, directory, context)
  return { directory, snapshot: takeSnapshot(directory) }
}
