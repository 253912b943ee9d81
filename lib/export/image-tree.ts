import { indexLayer } from '../layers/index/index-layer.ts'
import { ensurePlainLayer } from '../layers/index/plain-layer.ts'
import type { UnionView } from '../layers/union/union-view.ts'
import { createUnionView } from '../layers/union/union-view.ts'
import type { ContentStore } from '../oci/content.ts'
import type { Image } from '../oci/types.ts'

/**
 * The root filesystem of an image as a tree with readable files. Layers are decompressed in the store, but not
 * extracted. Errors as indexLayer() and ensurePlainLayer() do.
 */
export async function imageTree(image: Image, store: ContentStore, signal?: AbortSignal): Promise<UnionView> {
  const layers = []
  for (const layer of image.layers) {
    const plainPath = await ensurePlainLayer(store, layer, signal)
    layers.push({ diffID: layer.diffID, index: await indexLayer(store, layer, { signal }), plainPath })
  }
  return createUnionView(layers)
}
