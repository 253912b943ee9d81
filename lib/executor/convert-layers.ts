import type { LayerCompression } from './layer-compression.ts'
import { layerInForm } from './layer-forms.ts'
import type { Filesystem, Session } from './session.ts'

/** The same stack with the layers that the build made compressed another way. Layers of a base stay as they came. */
export async function convertLayers(
  filesystem: Filesystem,
  wanted: LayerCompression,
  session: Session,
): Promise<Filesystem> {
  const layers = []
  for (const stacked of filesystem.layers) {
    const layer =
      stacked.created === undefined ? stacked.layer : await layerInForm(stacked.layer.diffID, wanted, session)
    if (!layer) throw new Error(`bug: layer ${stacked.layer.diffID} vanished from the store`)
    layers.push({ ...stacked, layer })
  }
  return { layers }
}
