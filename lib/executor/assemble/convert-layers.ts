import type { LayerCompression } from '../../layers/layer-sink.ts'
import { EMPTY, layersOf, stack } from '../filesystem.ts'
import { layerInEncoding } from '../layer-in-encoding.ts'
import type { Filesystem, Session } from '../session.ts'

/** The same stack with the build's own layers in another compression. Layers of a base keep their encoding. */
export async function convertLayers(
  filesystem: Filesystem,
  wanted: LayerCompression,
  session: Session,
): Promise<Filesystem> {
  let converted = EMPTY
  for (const stacked of layersOf(filesystem)) {
    const layer =
      stacked.created === undefined ? stacked.layer : await layerInEncoding(stacked.layer.diffID, wanted, session)
    if (!layer) throw new Error(`bug: layer ${stacked.layer.diffID} vanished from the store`)
    converted = stack(converted, { ...stacked, layer })
  }
  return converted
}
