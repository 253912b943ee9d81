// The filesystem after a step: a stack of layers that stay where they are, seen through their indexes.
import { basename, join } from 'node:path'
import type { LayerIndex, SourceEntry } from '../layers/entry.ts'
import { indexLayer } from '../layers/index-layer.ts'
import { ensurePlainLayer } from '../layers/plain-layer.ts'
import { createUnionView, extendUnionView, type UnionView } from '../layers/union-view.ts'
import { digestPath } from '../oci/digest.ts'
import type { DiffID, Layer } from '../oci/types.ts'
import type { Filesystem, Session, StackedLayer } from './session.ts'

/** Views kept at hand. A step wants the view of the one before it, so a few are enough, however long the stack. */
const VIEWS = 16

/** Where layers and what is known of them come from. */
export type LayerSource = Pick<Session, 'store' | 'indexes' | 'views' | 'signal'>

/** A filesystem with one more layer. */
export function stack(below: Filesystem, layer: StackedLayer): Filesystem {
  return { layers: [...below.layers, layer], below }
}

/** What a filesystem is, as far as a cache key is concerned. */
export function stackKey({ layers }: Filesystem): string {
  return layers.map(({ layer }) => layer.diffID).join(' ')
}

/** The merged view of a stack. Reads indexes only; file contents may not be there yet (see {@link materialize}). */
export async function viewOf(filesystem: Filesystem, session: LayerSource): Promise<UnionView> {
  const { views } = session
  const missing: Filesystem[] = []
  let known: Filesystem | undefined = filesystem
  while (known && !views.has(known)) {
    missing.push(known)
    known = known.below
  }
  let view = (known && views.get(known)) ?? createUnionView([])
  let done = known?.layers.length ?? 0
  for (const next of missing.reverse()) {
    for (const { layer } of next.layers.slice(done)) {
      const index = await indexOf(layer, session)
      view = extendUnionView(view, { diffID: layer.diffID, index, plainPath: plainPath(layer.diffID, session) })
    }
    done = next.layers.length
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
  const index = indexLayer(session.store, layer, session.signal)
  session.indexes.set(layer.diffID, index)
  return index
}

/** Makes sure that the contents of entries taken from a stack's view can be read. */
export async function materialize(
  entries: Iterable<SourceEntry>,
  filesystem: Filesystem,
  session: Session,
): Promise<void> {
  const paths = new Set<string>()
  for (const { content } of entries) if (content?.kind === 'range') paths.add(content.path)
  for (const path of paths) {
    const found = filesystem.layers.find(({ layer }) => layer.diffID.endsWith(basename(path)))
    if (found) await ensurePlainLayer(session.store, found.layer, session.signal)
  }
}

/** Where the plain tar of a layer is in the store, or will be once something needs it. */
function plainPath(diffID: DiffID, session: LayerSource): string {
  return join(session.store.root, digestPath(diffID))
}
