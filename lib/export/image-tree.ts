import { indexLayer } from '../layers/index/index-layer.ts'
import { ensurePlainLayer } from '../layers/index/plain-layer.ts'
import type { UnionView } from '../layers/union/union-view.ts'
import { createUnionView } from '../layers/union/union-view.ts'
import type { ContentStore } from '../oci/content.ts'
import type { Image } from '../oci/types.ts'

/**
 * An image's root filesystem as a tree whose files can be read: its layers are decompressed in the store, not extracted. Errors
 * as indexLayer() and ensurePlainLayer() do.
 */
export async function imageTree(image: Image, store: ContentStore, signal?: AbortSignal): Promise<UnionView> {
  const layers = []
  for (const layer of image.layers) {
    const plainPath = await ensurePlainLayer(store, layer, signal)
    layers.push({ diffID: layer.diffID, index: await indexLayer(store, layer, { signal }), plainPath })
  }
  return createUnionView(layers)
}
