// Layers as directories that overlayfs can stack: each unpacked once, and kept in the store.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePlainLayer } from '../../layers/plain-layer.ts'
import { dependsOnBelow, unpackLayer } from '../../layers/unpack-layer.ts'
import { digestParts } from '../../oci/digest.ts'
import type { DiffID, Layer } from '../../oci/types.ts'
import { indexOf, viewOf } from '../filesystem.ts'
import type { Filesystem } from '../session.ts'
import type { WorkerContext } from './worker-context.ts'

/** The directories of a stack, top first, as overlayfs wants them; a layer without entries has none. Never empty. */
export async function unpackedLayers(filesystem: Filesystem, context: WorkerContext): Promise<readonly string[]> {
  const stacks = stacksOf(filesystem)
  const directories: string[] = []
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

/** Keeps the upper directory of a step as its layer's. */
export function adoptUpper(upper: string, diffID: DiffID, context: WorkerContext): void {
  moveInto(upper, join(context.layers, digestParts(diffID).hex))
}

async function directoryOf(layer: Layer, below: Filesystem, context: WorkerContext): Promise<string> {
  const index = await indexOf(layer, context)
  const name = dependsOnBelow(index) ? chainName(layer, below) : digestParts(layer.diffID).hex
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
  const nodes = result.losses.flatMap(({ kind, path: lost }) => (kind === 'node' ? [lost] : []))
  if (nodes.length > 0) writeFileSync(`${path}.lost`, JSON.stringify(nodes))
  moveInto(directory, path)
  return path
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

function chainName(layer: Layer, below: Filesystem): string {
  const hash = createHash('sha256')
  for (const { layer: lower } of below.layers) hash.update(`${lower.diffID}\n`)
  return `${hash.digest('hex').slice(0, 32)}-${digestParts(layer.diffID).hex.slice(0, 32)}`
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
