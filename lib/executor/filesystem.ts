// The filesystem after a step: a stack of layers that stay where they are, seen through their indexes.
import { join } from 'node:path'
import type { LayerIndex, SourceEntry } from '../layers/entry.ts'
import type { FileTree } from '../layers/file-tree.ts'
import { indexLayer } from '../layers/index-layer.ts'
import { ensurePlainLayer } from '../layers/plain-layer.ts'
import { createUnionView } from '../layers/union-view.ts'
import { digestPath } from '../oci/digest.ts'
import type { DiffID, Layer } from '../oci/types.ts'
import type { Filesystem, Session } from './session.ts'

/** The merged view of a stack. Reads indexes only; file contents may not be there yet (see {@link materialize}). */
export async function viewOf(filesystem: Filesystem, session: Session): Promise<FileTree> {
  const layers = filesystem.layers.map(async ({ layer }) => ({
    diffID: layer.diffID,
    index: await indexOf(layer, session),
    plainPath: plainPath(layer.diffID, session),
  }))
  return createUnionView(await Promise.all(layers))
}

function indexOf(layer: Layer, session: Session): Promise<LayerIndex> {
  let index = session.indexes.get(layer.diffID)
  if (!index) {
    index = indexLayer(session.store, layer, session.signal)
    session.indexes.set(layer.diffID, index)
  }
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
  for (const { layer } of filesystem.layers) {
    if (paths.has(plainPath(layer.diffID, session))) await ensurePlainLayer(session.store, layer, session.signal)
  }
}

/** Where the plain tar of a layer is in the store, or will be once something needs it. */
function plainPath(diffID: DiffID, session: Session): string {
  return join(session.store.root, digestPath(diffID))
}
