// The root filesystem of a step: layers stacked by overlayfs, or unpacked into one directory that steps change in place.
import { renameSync } from 'node:fs'
import { captureOverlay } from '../../../layers/diff/capture-overlay.ts'
import type { CaptureOptions } from '../../../layers/diff/changed-entries.ts'
import { setTimes } from '../../../layers/diff/set-times.ts'
import { captureSnapshot, renewSnapshot, type Snapshot, takeSnapshot } from '../../../layers/diff/snapshot.ts'
import type { SourceEntry } from '../../../layers/entry.ts'
import { entryWith } from '../../../layers/entry-with.ts'
import type { TreeEntry } from '../../../layers/file-tree.ts'
import { ensurePlainLayer } from '../../../layers/index/plain-layer.ts'
import type { UnionView } from '../../../layers/union/union-view.ts'
import { unpackRoot } from '../../../layers/unpack/unpack-root.ts'
import { isWhiteoutPath } from '../../../layers/whiteout.ts'
import { nextChainID } from '../../../oci/chain-id.ts'
import type { DiffID } from '../../../oci/types.ts'
import type { Mounter } from '../../../sandbox/mount/mounter.ts'
import { layersOf, stackKey, viewOf } from '../../filesystem.ts'
import type { Filesystem } from '../../session.ts'
import type { WorkerContext } from '../worker-context.ts'
import { mountStack } from './mount-overlay.ts'
import { removeTree } from './remove-tree.ts'
import type { MergedRoot } from './reusable-roots.ts'
import { adoptUpper, lostPaths } from './unpacked-layers.ts'

export interface RunRoot {
  readonly directory: string
  /**
   * What changed since the root was opened, as the entries of a layer. With a `timestamp` (seconds since 1970) that is the time of all of
   * them, on disk too: later steps see what a build from the layer would see.
   */
  capture(options: Omit<CaptureOptions, 'below' | 'owners'>, timestamp: number | undefined): readonly SourceEntry[]
  /** The changes have become a layer: the root, or what was written in it, serves the steps on top of it. */
  keep(diffID: DiffID): Promise<void>
  /** Moves the changes to a new directory, from which {@link openRoot} can go on. */
  setAside(directory: string): Promise<void>
  /** Gives up the changes. Idempotent; does nothing after {@link RunRoot.keep} and {@link RunRoot.setAside}. */
  discard(): Promise<void>
}

/** Opens the root filesystem that a stack of layers is; `aside` has the changes of a step that were set aside. */
export function openRoot(filesystem: Filesystem, context: WorkerContext, aside?: string): Promise<RunRoot> {
  const { overlay } = context
  return overlay ? openOverlay(filesystem, overlay, context, aside) : openMerged(filesystem, context, aside)
}

async function openOverlay(
  filesystem: Filesystem,
  mounter: Mounter,
  context: WorkerContext,
  aside: string | undefined,
): Promise<RunRoot> {
  const below = await viewOf(filesystem, context)
  const { directory, upper, lower, close } = await mountStack(filesystem, mounter, context, aside)
  const lost = lostPaths(lower)
  const isMissing = ({ path }: TreeEntry): boolean => lost.has(path)
  let open = true
  const closeOnce = async (saveChanges: () => void): Promise<void> => {
    open = false
    await close(saveChanges)
  }
  return {
    directory,
    capture: (options, timestamp) => {
      const { owners } = context
      const entries = captureOverlay({ upper, merged: directory, below, isMissing, owners, ...options })
      return atTime(entries, upper, timestamp)
    },
    keep: (diffID) => closeOnce(() => adoptUpper(upper, diffID, filesystem, context)),
    setAside: (destination) => closeOnce(() => renameSync(upper, destination)),
    discard: async () => {
      if (open) await closeOnce(() => aside ?? removeTree(upper))
    },
  }
}

function atTime(
  entries: readonly SourceEntry[],
  directory: string,
  timestamp: number | undefined,
): readonly SourceEntry[] {
  if (timestamp === undefined) return entries
  const timed = entries.map((entry) =>
    isWhiteoutPath(entry.path) ? entry : entryWith(entry, { mtime: timestamp, stat: undefined }),
  )
  setTimes(directory, timed)
  return timed
}

async function openMerged(filesystem: Filesystem, context: WorkerContext, aside: string | undefined): Promise<RunRoot> {
  const below = await viewOf(filesystem, context)
  const known = aside
    ? { directory: aside, snapshot: takeSnapshot(aside) }
    : context.idleRoots.take(stackKey(filesystem))
  const { directory, snapshot } = known ?? (await unpackMerged(filesystem, below, context))
  let after: Snapshot | undefined
  let open = true
  return {
    directory,
    capture: (options, timestamp) => {
      const { owners } = context
      const found = takeSnapshot(directory)
      const entries = captureSnapshot({ root: directory, before: snapshot, after: found, below, owners, ...options })
      const timed = atTime(entries, directory, timestamp)
      const paths = timed.map(({ path }) => path)
      after = timestamp === undefined ? found : renewSnapshot(directory, found, paths)
      return timed
    },
    keep: async (diffID) => {
      open = false
      if (!after) throw new Error('bug: a root is kept that was not captured')
      context.idleRoots.giveBack(nextChainID(filesystem.chainID, diffID), { directory, snapshot: after })
    },
    setAside: async (destination) => {
      open = false
      renameSync(directory, destination)
    },
    discard: async () => {
      if (open && !aside) removeTree(directory)
      open = false
    },
  }
}

async function unpackMerged(filesystem: Filesystem, view: UnionView, context: WorkerContext): Promise<MergedRoot> {
  const { store, signal, owners } = context
  for (const { layer } of layersOf(filesystem)) await ensurePlainLayer(store, layer, signal)
  const directory = context.temporary()
  await unpackRoot(view, directory, { owners, signal })
  return { directory, snapshot: takeSnapshot(directory) }
}
