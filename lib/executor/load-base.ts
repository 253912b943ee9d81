import type { ResolvedImage } from '../graph/types.ts'
import { INDEX_KIND } from '../layers/index/layer-index.ts'
import { readImage } from '../oci/read-image.ts'
import type { Image, Layer } from '../oci/types.ts'
import { fetchLayers } from './fetch-layers.ts'
import { EMPTY, stack } from './filesystem.ts'
import type { BaseNeed } from './needed-bases.ts'
import type { Filesystem, Session } from './session.ts'

export interface LoadedBase {
  readonly filesystem: Filesystem
  /** Bytes that were fetched from a registry. */
  readonly fetched: number
}

/**
 * Brings a base image into the store as far as the build needs it, and returns its layers. Everything is verified.
 * Layers in a registry that are not fetched now are fetched when they are first read.
 */
export async function loadBase(
  base: ResolvedImage,
  session: Session,
  options: { readonly need: BaseNeed; readonly onProgress?: (current: number, total: number) => void },
): Promise<LoadedBase> {
  const { store, signal } = session
  const reader = session.images.get(base.descriptor.digest) ?? store
  const image = await readImage(reader, base.descriptor, base.config)
  if (reader !== store) {
    for (const blob of [image.manifest.config, ...image.manifest.layers, image.descriptor]) {
      if (!store.has(blob.digest)) await store.copyBlob(reader, blob, signal)
    }
  }
  if (options.need === 'all') for (const { diffID } of image.layers) session.plainLayers.add(diffID)
  const fetched = await fetchNeeded(image, session, options)
  const filesystem = image.layers.reduce((below, layer) => stack(below, { layer, created: undefined }), EMPTY)
  return { filesystem, fetched }
}

/** Fetches the layers that a base's steps need. With an imported cache it is not known yet whether any step does. */
async function fetchNeeded(
  { layers }: Image,
  session: Session,
  { need, onProgress }: Parameters<typeof loadBase>[2],
): Promise<number> {
  if (session.caches?.isImporting) return 0
  const isNeeded = ({ diffID }: Layer): boolean =>
    need === 'files' ||
    need === 'all' ||
    (need === 'index' && session.store.readDerived(INDEX_KIND, diffID) === undefined)
  return fetchLayers(layers.filter(isNeeded), session, onProgress)
}
