import type { ContentStore } from '../oci/content.ts'
import type { Layer } from '../oci/types.ts'
import { scanLayer } from './scan-layer.ts'

/**
 * The path of a layer's plain tar in the store, made by decompressing the layer if it isn't there: verified, and visible only when
 * complete. Errors as {@link scanLayer} does.
 */
export async function ensurePlainLayer(store: ContentStore, layer: Layer, signal?: AbortSignal): Promise<string> {
  if (!store.has(layer.diffID)) await scanLayer(store, layer, { keepPlain: true, signal })
  return store.path(layer.diffID)
}
