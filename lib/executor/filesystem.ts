// The filesystem after a step: a stack of layers, seen through their indexes. Nothing is unpacked.
import type { LayerIndex, SourceEntry } from '../layers/entry.ts'
import { entryWith } from '../layers/entry-with.ts'
import { indexLayer } from '../layers/index/index-layer.ts'
import { ensurePlainLayer } from '../layers/index/plain-layer.ts'
import { readLayerFiles } from '../layers/read-layer-files.ts'
import { storedSize } from '../layers/tar/sparse-map.ts'
import { createUnionView, extendUnionView, type UnionView } from '../layers/union/union-view.ts'
import { nextChainID } from '../oci/chain-id.ts'
import type { Layer } from '../oci/types.ts'
import type { Filesystem, Session, StackedLayer } from './session.ts'

/** Views that are kept. A step builds on the view of the step before it, so a few are enough for any stack. */
const VIEWS = 16

/** Access to layers, their indexes and views. */
export type LayerSource = Pick<Session, 'store' | 'indexes' | 'views' | 'signal'> & {
  readonly plainLayers: Pick<Session['plainLayers'], 'has'>
}

/** The filesystem without layers. */
export const EMPTY: Filesystem = { top: undefined, below: undefined, chainID: undefined }

/** A filesystem with one more layer. */
export function stack(below: Filesystem, top: StackedLayer): Filesystem {
  return { top, below, chainID: nextChainID(below.chainID, top.layer.diffID) }
}

/** A filesystem's layers, bottom first. */
export function layersOf(filesystem: Filesystem): readonly StackedLayer[] {
  const layers: StackedLayer[] = []
  for (let at: Filesystem | undefined = filesystem; at?.top; at = at.below) layers.push(at.top)
  return layers.reverse()
}

/** The identity of a filesystem in a cache key. */
export function stackKey({ chainID }: Filesystem): string {
  return chainID ?? ''
}

/** The merged view of a stack. Reads indexes only: file contents may still be compressed (see {@link withContents}). */
export async function viewOf(filesystem: Filesystem, session: LayerSource): Promise<UnionView> {
  const { views } = session
  const missing: Layer[] = []
  let known: Filesystem | undefined = filesystem
  while (known?.top && !views.has(known)) {
    missing.push(known.top.layer)
    known = known.below
  }
  let view = (known && views.get(known)) ?? createUnionView([])
  for (const layer of missing.reverse()) {
    const index = await indexOf(layer, session)
    view = extendUnionView(view, { diffID: layer.diffID, index, plainPath: session.store.plannedPath(layer.diffID) })
  }
  views.delete(filesystem)
  views.set(filesystem, view)
  for (const oldest of views.keys()) {
    if (views.size <= VIEWS) break
    views.delete(oldest)
  }
  return view
}

/** A layer's index, read once. */
export function indexOf(layer: Layer, session: LayerSource): Promise<LayerIndex> {
  const known = session.indexes.get(layer.diffID)
  if (known) return known
  const index = indexLayer(session.store, layer, {
    keepPlain: session.plainLayers.has(layer.diffID),
    signal: session.signal,
  })
  session.indexes.set(layer.diffID, index)
  return index
}

/**
 * Bytes of files that are read from a compressed layer at a time without keeping the plain tar. They are held in
 * memory.
 */
const MAX_TAKEN = 4 << 20

/** Bytes that a decompressor yields at a time: reading less costs as much. */
const LEAST_TAKEN = 256 << 10

/**
 * Entries of a stack's view, with contents that can be read. For a few small files, a compressed layer is
 * decompressed only up to the last of them. Once that adds up to the size of the layer, the layer is decompressed
 * as a whole and the plain tar is kept.
 */
export async function withContents(
  entries: readonly SourceEntry[],
  filesystem: Filesystem,
  session: LayerSource & Pick<Session, 'inflated'>,
): Promise<readonly SourceEntry[]> {
  const byPlain = new Map<string, SourceEntry[]>()
  for (const entry of entries) {
    if (entry.content?.kind !== 'range') continue
    const known = byPlain.get(entry.content.path)
    if (known) known.push(entry)
    else byPlain.set(entry.content.path, [entry])
  }
  const taken = new Map<string, ReadonlyMap<number, Uint8Array>>()
  for (const [path, wanted] of byPlain) {
    const layer = layersOf(filesystem).find(
      (stacked) => session.store.plannedPath(stacked.layer.diffID) === path,
    )?.layer
    const contents = layer && (await takeFiles(layer, wanted, session))
    if (contents) taken.set(path, contents)
  }
  if (taken.size === 0) return entries
  return entries.map((entry) => {
    const bytes = entry.content?.kind === 'range' ? taken.get(entry.content.path)?.get(entry.content.offset) : undefined
    return bytes ? entryWith(entry, { content: { kind: 'bytes', bytes } }) : entry
  })
}

/** The contents by offset; undefined if the plain tar is in the store. */
async function takeFiles(
  layer: Layer,
  wanted: readonly SourceEntry[],
  session: LayerSource & Pick<Session, 'inflated'>,
): Promise<ReadonlyMap<number, Uint8Array> | undefined> {
  const { store, inflated, signal } = session
  if (store.has(layer.diffID)) return undefined
  let size = 0
  let end = 0
  for (const entry of wanted) {
    if (entry.content?.kind !== 'range') continue
    size += entry.size
    end = Math.max(end, entry.content.offset + storedSize(entry.size, entry.content.sparse))
  }
  const whole = (await indexOf(layer, session)).size
  const total = (inflated.get(layer.diffID) ?? 0) + (size === 0 ? 0 : Math.max(end, LEAST_TAKEN))
  if (size <= MAX_TAKEN && total < whole) {
    inflated.set(layer.diffID, total)
    return readLayerFiles(store, layer, wanted, signal)
  }
  await ensurePlainLayer(store, layer, signal)
  return undefined
}
