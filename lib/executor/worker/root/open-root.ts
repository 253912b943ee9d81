import type { Filesystem } from '../../session.ts'
import type { WorkerContext } from '../worker-context.ts'
import { openOverlayRoot } from './overlay-root.ts'
import type { RunRoot } from './run-root.ts'
import { openUnpackedRoot } from './unpacked-root.ts'

/**
 * Opens the root filesystem of a stack of layers: stacked by overlayfs, or unpacked into one directory. `kept` is the
 * directory with the changes of a kept step. Errors with `SANDBOX_FAILED`, `STORE_IO`, and with OverlayImpossible.
 */
export function openRoot(filesystem: Filesystem, context: WorkerContext, kept?: string): Promise<RunRoot> {
  const { overlay } = context
  return overlay
    ? openOverlayRoot(filesystem, { mounter: overlay, kept }, context)
    : openUnpackedRoot(filesystem, context, kept)
}
