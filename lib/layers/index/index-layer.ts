import type { ContentStore } from '../../oci/content.ts'
import type { Layer } from '../../oci/types.ts'
import type { LayerIndex } from '../entry.ts'
import { decodeLayerIndex, INDEX_KIND } from './layer-index.ts'
import { scanLayer } from './scan-layer.ts'

/**
 * The index of a layer: as recorded in the store, or else made by reading the layer once, which verifies digest
 * and diffID. With `keepPlain`, such a reading also stores the plain tar. Errors as {@link scanLayer} does.
 */
export async function indexLayer(
  store: ContentStore,
  layer: Layer,
  { keepPlain = false, signal }: { readonly keepPlain?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<LayerIndex> {
  const recorded = store.readDerived(INDEX_KIND, layer.diffID)
  const index = recorded && decodeLayerIndex(recorded)
  return index ?? scanLayer(store, layer, { keepPlain, signal })
}
