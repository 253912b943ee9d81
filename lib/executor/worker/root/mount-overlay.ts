import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { rootDirectoryMode } from '../../../layers/unpack/unpack-root.ts'
import type { Mounter } from '../../../sandbox/mount/mounter.ts'
import { viewOf } from '../../filesystem.ts'
import type { Filesystem } from '../../session.ts'
import type { WorkerContext } from '../worker-context.ts'
import { unpackedLayers } from './unpacked-layers.ts'

/** Layers as one directory, with overlayfs. */
export interface MountedStack {
  readonly directory: string
  /** What is changed in the directory goes here. */
  readonly upper: string
  /** Below it, the top one first. */
  readonly lower: readonly string[]
  /** Unmounts it. `saveChanges` then has to move `upper` away or to remove it, unless it is the `aside` that was given. */
  close(saveChanges: () => void): Promise<void>
}

/** Mounts a stack of layers; `aside` has changes that were made before, and takes new ones. Errors with `SANDBOX_FAILED`. */
export async function mountStack(
  filesystem: Filesystem,
  mounter: Mounter,
  context: WorkerContext,
  aside?: string,
): Promise<MountedStack> {
  const lower = await unpackedLayers(filesystem, context)
  const workspace = context.workspaces.take()
  const { root: directory, work } = workspace
  const upper = aside ?? workspace.upper
  // The root directory itself is the upper one's.
  if (!aside) await makeUpper(upper, filesystem, context)
  await mounter.overlay({ lower, upper, work, target: directory, userxattr: context.namespaces.mapping !== 'root' })
  return {
    directory,
    upper,
    lower,
    close: async (saveChanges) => {
      await mounter.unmount(directory)
      saveChanges()
      context.workspaces.giveBack(workspace)
    },
  }
}

async function makeUpper(upper: string, filesystem: Filesystem, context: WorkerContext): Promise<void> {
  const root = (await viewOf(filesystem, context)).lookup('')
  mkdirSync(upper)
  if (context.owners && root) chownSync(upper, root.uid, root.gid)
  chmodSync(upper, (root?.mode ?? 0o755) | rootDirectoryMode(context.owners))
}
