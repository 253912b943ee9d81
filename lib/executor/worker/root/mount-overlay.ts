import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { rootDirectoryMode } from '../../../layers/unpack/unpack-root.ts'
import type { Mounter } from '../../../sandbox/mount/mounter.ts'
import { viewOf } from '../../filesystem.ts'
import type { Filesystem } from '../../session.ts'
import type { WorkerContext } from '../worker-context.ts'
import { unpackedLayers } from './unpacked-layers.ts'

/** A stack of layers as one directory. */
export interface MountedOverlay {
  readonly directory: string
  /** The directory that takes the changes. */
  readonly upper: string
  /** The directories of the layers, top first. */
  readonly lower: readonly string[]
  /**
   * Unmounts the directory. `saveChanges` then has to move `upper` away or to remove it, unless it is the kept
   * directory.
   */
  close(saveChanges: () => void): Promise<void>
}

export interface MountOverlayOptions {
  readonly mounter: Mounter
  /** A directory with the changes of a kept step, which becomes the upper directory. */
  readonly kept?: string | undefined
}

/** Mounts a stack of layers with overlayfs. Errors with `SANDBOX_FAILED`, and with OverlayImpossible. */
export async function mountOverlay(
  filesystem: Filesystem,
  { mounter, kept }: MountOverlayOptions,
  context: WorkerContext,
): Promise<MountedOverlay> {
  const lower = await unpackedLayers(filesystem, context)
  const directories = context.overlayDirectories.take()
  const { root: directory, work } = directories
  const upper = kept ?? directories.upper
  if (!kept) await makeUpper(upper, filesystem, context)
  await mounter.overlay({ lower, upper, work, target: directory, userxattr: context.namespaces.mapping !== 'root' })
  return {
    directory,
    upper,
    lower,
    close: async (saveChanges) => {
      await mounter.unmount(directory)
      saveChanges()
      context.overlayDirectories.giveBack(directories)
    },
  }
}

/** Makes the upper directory, whose own mode and owner overlayfs shows for the root directory. */
async function makeUpper(upper: string, filesystem: Filesystem, context: WorkerContext): Promise<void> {
  const root = (await viewOf(filesystem, context)).lookup('')
  mkdirSync(upper)
  if (context.owners && root) chownSync(upper, root.uid, root.gid)
  chmodSync(upper, (root?.mode ?? 0o755) | rootDirectoryMode(context.exactModes))
}
