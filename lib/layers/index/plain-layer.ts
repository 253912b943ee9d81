import type { ContentStore } from '../../oci/content.ts'
import type { DiffID, Layer } from '../../oci/types.ts'
import { scanLayer } from './scan-layer.ts'

/**
 * The path of a layer's plain tar in the store, made by decompressing the layer if it isn't there: verified,
 * and visible only when complete. Errors as {@link scanLayer} does.
 */
export async function ensurePlainLayer(store: ContentStore, layer: Layer, signal?: AbortSignal): Promise<string> {
  if (!store.has(layer.diffID)) await onceAtATime(store, layer, signal)
  return store.path(layer.diffID)
}

const coming = new WeakMap<ContentStore, Map<DiffID, Promise<unknown>>>()

/** Steps that need the same layer at the same time share one pass. */
async function onceAtATime(store: ContentStore, layer: Layer, signal: AbortSignal | undefined): Promise<void> {
  const known = coming.get(store) ?? new Map<DiffID, Promise<unknown>>()
  coming.set(store, known)
  const scan =
    known.get(layer.diffID) ??
    scanLayer(store, layer, { keepPlain: true, signal }).finally(() => known.delete(layer.diffID))
  known.set(layer.diffID, scan)
  await scan
}
