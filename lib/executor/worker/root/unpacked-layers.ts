// Layers as directories that overlayfs can stack. Each layer is unpacked once and stays in the store.
import { ensurePlainLayer } from '../../../layers/index/plain-layer.ts'
import { dependsOnBelow, unpackLayer } from '../../../layers/unpack/unpack-layer.ts'
import { unpackRoot } from '../../../layers/unpack/unpack-root.ts'
import type { UnpackLoss } from '../../../layers/unpack/unpacker.ts'
import { nextChainID } from '../../../oci/chain-id.ts'
import { digestParts } from '../../../oci/digest.ts'
import type { ChainID, DiffID, Layer } from '../../../oci/types.ts'
import { EMPTY, indexOf, layersOf, viewOf } from '../../filesystem.ts'
import type { Filesystem } from '../../session.ts'
import type { WorkerContext } from '../worker-context.ts'
import { removeTree } from './remove-tree.ts'

/**
 * The directories of a stack for overlayfs, top first. A layer without entries has no directory. The list is never
 * empty.
 */
export async function unpackedLayers(filesystem: Filesystem, context: WorkerContext): Promise<readonly string[]> {
  const levels = levelsOf(filesystem)
  const directories: string[] = []
  // mount(2) accepts one page of options: the lower part of a tall stack becomes one directory.
  const many = levels.splice(0, levels.length > STACKED_LIMIT ? levels.length - STACKED_LIMIT / 2 : 0).at(-1)
  if (many) directories.push(await mergedDirectory(many, context))
  for (const level of levels) {
    const { entries } = await indexOf(level.layer, context)
    if (entries.length === 0) continue
    const path = await directoryOf(level, context)
    // The upper of two equal layers hides the lower one.
    const before = directories.indexOf(path)
    if (before !== -1) directories.splice(before, 1)
    directories.unshift(path)
  }
  if (directories.length > 0) return directories
  return [context.layerDirectories.empty()]
}

/** The layers of a stack that get a directory of their own, at most. */
const STACKED_LIMIT = 100

/**
 * Keeps the upper directory of a step as the directory of its layer, for this stack only: it may contain files that
 * the kernel copied up unchanged, which the layer doesn't have.
 */
export function adoptUpper(
  { upper, diffID, below }: { readonly upper: string; readonly diffID: DiffID; readonly below: Filesystem },
  context: WorkerContext,
): void {
  const { layerDirectories } = context
  const name = chainName(nextChainID(below.chainID, diffID))
  if (layerDirectories.find(name) === undefined) layerDirectories.place(name, upper, [])
  else removeTree(upper)
}

/** A layer in a stack. */
interface Level {
  readonly layer: Layer
  /** The stack up to this layer. */
  readonly filesystem: Filesystem
  readonly below: Filesystem
  /** The name of that stack. */
  readonly chain: string
}

function levelsOf(filesystem: Filesystem): Level[] {
  const levels: Level[] = []
  for (let at: Filesystem | undefined = filesystem; at?.top && at.chainID; at = at.below) {
    levels.push({ layer: at.top.layer, filesystem: at, below: at.below ?? EMPTY, chain: chainName(at.chainID) })
  }
  return levels.reverse()
}

// The paths of all lower directories have to fit in one page. 64 bits keep the layers of a store apart.
const layerName = (diffID: DiffID): string => digestParts(diffID).hex.slice(0, 16)
const chainName = (chainID: ChainID): string => `c-${digestParts(chainID).hex.slice(0, 16)}`

/** The directory of a layer in a stack. Found once, since it depends on all entries of the layer. */
function directoryOf(level: Level, context: WorkerContext): Promise<string> {
  return once(context.unpacking, level.chain, () => findDirectory(level, context))
}

async function findDirectory(level: Level, context: WorkerContext): Promise<string> {
  const { layerDirectories } = context
  const own = layerDirectories.find(level.chain)
  if (own !== undefined) return own
  const index = await indexOf(level.layer, context)
  const name = dependsOnBelow(index) ? level.chain : layerName(level.layer.diffID)
  // The name may be that of the stack, whose promise waits for this one.
  const key = `directory ${name}`
  return once(context.unpacking, key, async () => layerDirectories.find(name) ?? unpack(level, name, context))
}

function once(running: Map<string, Promise<string>>, key: string, start: () => Promise<string>): Promise<string> {
  const known = running.get(key)
  if (known) return known
  const started = start()
  running.set(key, started)
  // The next step tries again after a failure.
  started.catch(() => running.delete(key))
  return started
}

async function unpack({ layer, below }: Level, name: string, context: WorkerContext): Promise<string> {
  const { store, signal } = context
  const index = await indexOf(layer, context)
  const plainPath = await ensurePlainLayer(store, layer, signal)
  // Hard links to files of lower layers become copies of the files.
  if (dependsOnBelow(index)) for (const lower of layersOf(below)) await ensurePlainLayer(store, lower.layer, signal)
  const directory = context.temporary()
  const { diffID } = layer
  const view = await viewOf(below, context)
  const result = await unpackLayer({ diffID, index, plainPath }, view, directory, context)
  if (result.kind === 'impossible') throw new OverlayImpossible(result.reason)
  store.written?.add(index.size)
  return context.layerDirectories.place(name, directory, lostNodes(result.losses))
}

function lostNodes(losses: readonly UnpackLoss[]): readonly string[] {
  return losses.flatMap(({ kind, path }) => (kind === 'node' ? [path] : []))
}

/** A layer has entries that overlayfs can't show here. */
export class OverlayImpossible extends Error {}

/** A whole stack unpacked into one directory. */
async function mergedDirectory({ filesystem, chain }: Level, context: WorkerContext): Promise<string> {
  const { store, signal } = context
  const name = `m-${chain}`
  const known = context.layerDirectories.find(name)
  if (known !== undefined) return known
  for (const lower of layersOf(filesystem)) await ensurePlainLayer(store, lower.layer, signal)
  const directory = context.temporary()
  const { losses } = await unpackRoot(await viewOf(filesystem, context), directory, context)
  return context.layerDirectories.place(name, directory, lostNodes(losses))
}
