// Layers as directories that overlayfs can stack: each unpacked once, and kept in the store.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** The directories of a stack, top first, as overlayfs wants them; a layer without entries has none. Never empty. */
export async function unpackedLayers(filesystem: Filesystem, context: WorkerContext): Promise<readonly string[]> {
  const levels = levelsOf(filesystem)
  const directories: string[] = []
  // mount(2) takes a page of options and no more.
  const many = levels.splice(0, levels.length > STACKED_LIMIT ? levels.length - STACKED_LIMIT / 2 : 0).at(-1)
  if (many) directories.push(await mergedDirectory(many, context))
  for (const level of levels) {
    const { entries } = await indexOf(level.layer, context)
    if (entries.length === 0) continue
    const path = await directoryOf(level, context)
    // A layer that comes twice changes nothing the first time.
    const before = directories.indexOf(path)
    if (before !== -1) directories.splice(before, 1)
    directories.unshift(path)
  }
  if (directories.length > 0) return directories
  const empty = join(context.layers, 'empty')
  mkdirSync(empty, { recursive: true, mode: 0o755 })
  return [empty]
}

const STACKED_LIMIT = 100

/**
 * Keeps the upper directory of a step as its layer's, in this stack alone: it may also have what the kernel copied up and what the
 * layer, being the same as below, hasn't.
 */
export function adoptUpper(upper: string, diffID: DiffID, below: Filesystem, context: WorkerContext): void {
  moveInto(upper, join(context.layers, chainName(nextChainID(below.chainID, diffID))))
}

/** A layer in a stack. */
interface Level {
  readonly layer: Layer
  /** The stack up to this layer. */
  readonly filesystem: Filesystem
  readonly below: Filesystem
  /** Names that stack. */
  readonly chain: string
}

function levelsOf(filesystem: Filesystem): Level[] {
  const levels: Level[] = []
  for (let at: Filesystem | undefined = filesystem; at?.top && at.chainID; at = at.below) {
    levels.push({ layer: at.top.layer, filesystem: at, below: at.below ?? EMPTY, chain: chainName(at.chainID) })
  }
  return levels.reverse()
}

// Short names, since those of all lower directories have to fit in a page; 64 bits are enough among the layers of a store.
const layerName = (diffID: DiffID): string => digestParts(diffID).hex.slice(0, 16)
const chainName = (chainID: ChainID): string => `c-${digestParts(chainID).hex.slice(0, 16)}`

/** Asked for once in each stack: which directory it is depends on all of a layer's entries. */
function directoryOf(level: Level, context: WorkerContext): Promise<string> {
  return once(context.unpacking, level.chain, () => findDirectory(level, context))
}

async function findDirectory(level: Level, context: WorkerContext): Promise<string> {
  const own = join(context.layers, level.chain)
  if (existsSync(own)) return own
  const index = await indexOf(level.layer, context)
  const path = dependsOnBelow(index) ? own : join(context.layers, layerName(level.layer.diffID))
  return once(context.unpacking, path, async () => (existsSync(path) ? path : unpack(level, path, context)))
}

function once(running: Map<string, Promise<string>>, key: string, start: () => Promise<string>): Promise<string> {
  const known = running.get(key)
  if (known) return known
  const started = start()
  running.set(key, started)
  // A step that failed to unpack must not fail the next one that tries.
  started.catch(() => running.delete(key))
  return started
}

async function unpack({ layer, below }: Level, path: string, context: WorkerContext): Promise<string> {
  const { store, signal } = context
  const index = await indexOf(layer, context)
  const plainPath = await ensurePlainLayer(store, layer, signal)
  // Hard links to files of lower layers become copies of them.
  if (dependsOnBelow(index)) for (const lower of layersOf(below)) await ensurePlainLayer(store, lower.layer, signal)
  const directory = context.temporary()
  const { diffID } = layer
  const view = await viewOf(below, context)
  const result = await unpackLayer({ diffID, index, plainPath }, view, directory, { owners: context.owners, signal })
  if (result.kind === 'impossible') throw new OverlayImpossible(result.reason)
  noteLost(path, result.losses)
  moveInto(directory, path)
  return path
}

function noteLost(path: string, losses: readonly UnpackLoss[]): void {
  const nodes = losses.flatMap(({ kind, path: lost }) => (kind === 'node' ? [lost] : []))
  if (nodes.length > 0) writeFileSync(`${path}.lost`, JSON.stringify(nodes))
}

/** Paths of devices and fifos that could not be made in any of these directories: that they aren't there means nothing. */
export function lostPaths(directories: readonly string[]): ReadonlySet<string> {
  const lists = directories.map((path) => `${path}.lost`).filter((path) => existsSync(path))
  return new Set(lists.flatMap((path): string[] => JSON.parse(readFileSync(path, 'utf8'))))
}

/** Layers can't be stacked here after all. */
export class OverlayImpossible extends Error {}

/** Whoever is first wins: the directories are the same. */
function moveInto(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!existsSync(to)) throw error
    removeTree(from)
  }
}

/** All of a stack in one directory. */
async function mergedDirectory({ filesystem, chain }: Level, context: WorkerContext): Promise<string> {
  const { store, signal, owners } = context
  const path = join(context.layers, `m-${chain}`)
  if (existsSync(path)) return path
  for (const lower of layersOf(filesystem)) await ensurePlainLayer(store, lower.layer, signal)
  const directory = context.temporary()
  const { losses } = await unpackRoot(await viewOf(filesystem, context), directory, { owners, signal })
  noteLost(path, losses)
  moveInto(directory, path)
  return path
}
