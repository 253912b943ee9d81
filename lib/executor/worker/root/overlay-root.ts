// A root filesystem of layers that overlayfs stacks. The upper directory takes the changes and becomes the directory
// of their layer.
import { renameSync } from 'node:fs'
import { captureOverlay } from '../../../layers/diff/capture-overlay.ts'
import type { TreeEntry } from '../../../layers/file-tree.ts'
import { viewOf } from '../../filesystem.ts'
import type { Filesystem } from '../../session.ts'
import type { WorkerContext } from '../worker-context.ts'
import { type MountOverlayOptions, mountOverlay } from './mount-overlay.ts'
import { removeTree } from './remove-tree.ts'
import type { RunRoot } from './run-root.ts'
import { withSourceDateEpoch } from './source-date-epoch.ts'
import { adoptUpper } from './unpacked-layers.ts'

export async function openOverlayRoot(
  filesystem: Filesystem,
  options: MountOverlayOptions,
  context: WorkerContext,
): Promise<RunRoot> {
  const { kept } = options
  const below = await viewOf(filesystem, context)
  const { directory, upper, lower, close } = await mountOverlay(filesystem, options, context)
  // Unpacked files reach the disk while the step runs.
  context.layerDirectories.startSync()
  const lost = context.layerDirectories.lostPaths(lower)
  const isMissing = ({ path }: TreeEntry): boolean => lost.has(path)
  let open = true
  const closeOnce = async (saveChanges: () => void): Promise<void> => {
    open = false
    await close(saveChanges)
  }
  return {
    directory,
    capture: (captureOptions, timestamp) => {
      const { exactModes } = context
      const entries = captureOverlay({ upper, merged: directory, below, isMissing, exactModes, ...captureOptions })
      return withSourceDateEpoch(entries, upper, timestamp)
    },
    keep: (diffID) => closeOnce(() => adoptUpper({ upper, diffID, below: filesystem }, context)),
    moveChanges: (destination) => closeOnce(() => renameSync(upper, destination)),
    discard: async () => {
      if (open) await closeOnce(() => kept ?? removeTree(upper))
    },
  }
}
