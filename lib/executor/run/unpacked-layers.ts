// Layers as directories that overlayfs can stack: each unpacked once, and kept in the store.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePlainLayer } from '../../layers/plain-layer.ts'
import { dependsOnBelow, unpackLayer } from '../../layers/unpack-layer.ts'
import { unpackRoot } from '../../layers/unpack-root.ts'
import type { UnpackLoss } from '../../layers/unpacker.ts'
import { digestParts } from '../../oci/digest.ts'
import type { DiffID, Layer } from '../../oci/types.ts'
import { indexOf, stack, viewOf } from '../filesystem.ts'
import type { Filesystem, StackedLayer } from '../session.ts'
import type { WorkerContext } from './worker-context.ts'

/** The directories of a stack, top first, as overlayfs wants them; a layer without entries has none. Never empty. */
export async function unpackedLayers(filesystem: Filesystem, context: WorkerContext): Promise<readonly string[]> {
  const stacks = stacksOf(filesystem)
  const directories: string[] = []
  // mount(2) takes a page of options and no more.
  const many = stacks.splice(0, stacks.length > STACKED_LIMIT ? stacks.length - STACKED_LIMIT / 2 : 0).at(-1)
  if (many)
    directories.push(await mergedDirectory(stack(many.below, { layer: many.layer, created: undefined }), context))
  for (const { below, layer } of stacks) {
    const { entries } = await indexOf(layer, context)
    if (entries.length === 0) continue
    const path = await directoryOf(layer, below, context)
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

/** Keeps the upper directory of a step as its layer's. */
export function adoptUpper(upper: string, diffID: DiffID, context: WorkerContext): void {
  moveInto(upper, join(context.layers, shortName(diffID)))
}

async function directoryOf(layer: Layer, below: Filesystem, context: WorkerContext): Promise<string> {
  const index = await indexOf(layer, context)
  const name = dependsOnBelow(index) ? chainName([...below.layers, { layer }]) : shortName(layer.diffID)
  const path = join(context.layers, name)
  const known = context.unpacking.get(path)
  if (known) return known
  const unpacking = existsSync(path) ? Promise.resolve(path) : unpack(layer, below, path, context)
  context.unpacking.set(path, unpacking)
  // A step that failed to unpack must not fail the next one that tries.
  unpacking.catch(() => context.unpacking.delete(path))
  return unpacking
}

async function unpack(layer: Layer, below: Filesystem, path: string, context: WorkerContext): Promise<string> {
  const { store, signal } = context
  const index = await indexOf(layer, context)
  const plainPath = await ensurePlainLayer(store, layer, signal)
  // Hard links to files of lower layers become copies of them.
  if (dependsOnBelow(index)) for (const lower of below.layers) await ensurePlainLayer(store, lower.layer, signal)
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
    rmSync(from, { recursive: true, force: true })
  }
}

/** All of a stack in one directory. */
async function mergedDirectory(filesystem: Filesystem, context: WorkerContext): Promise<string> {
  const { store, signal, owners } = context
  const path = join(context.layers, `m-${chainName(filesystem.layers)}`)
  if (existsSync(path)) return path
  for (const { layer } of filesystem.layers) await ensurePlainLayer(store, layer, signal)
  const directory = context.temporary()
  const { losses } = await unpackRoot(await viewOf(filesystem, context), directory, { owners, signal })
  noteLost(path, losses)
  moveInto(directory, path)
  return path
}

/** Short, since the names of all lower directories have to fit in a page; 64 bits are enough among the layers of a store. */
const shortName = (diffID: DiffID): string => digestParts(diffID).hex.slice(0, 16)

function chainName(layers: readonly Pick<StackedLayer, 'layer'>[]): string {
  const hash = createHash('sha256')
  for (const { layer } of layers) hash.update(`${layer.diffID}\n`)
  return `c-${hash.digest('hex').slice(0, 16)}`
}

function stacksOf(filesystem: Filesystem): { readonly below: Filesystem; readonly layer: Layer }[] {
  const stacks: { below: Filesystem; layer: Layer }[] = []
  let below: Filesystem = { layers: [] }
  for (const stacked of filesystem.layers) {
    stacks.push({ below, layer: stacked.layer })
    below = { layers: [...below.layers, stacked], below }
  }
  return stacks
}
