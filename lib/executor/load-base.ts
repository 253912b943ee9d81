import type { ResolvedImage } from '../graph/types.ts'
import { INDEX_KIND } from '../layers/index/layer-index.ts'
import { readImage } from '../oci/read-image.ts'
import type { Descriptor, Image, Layer } from '../oci/types.ts'
import type { BlobOrigin } from '../registry/pull/pull-blobs.ts'
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
  const fetched = await fetchLayers(image, session, options)
  const filesystem = image.layers.reduce((below, layer) => stack(below, { layer, created: undefined }), EMPTY)
  return { filesystem, fetched }
}

/** Fetches the needed layers that are in a registry, several at once. Returns the number of bytes. */
async function fetchLayers(
  { layers }: Image,
  { store, remoteBlobs, signal }: Session,
  { need, onProgress }: Parameters<typeof loadBase>[2],
): Promise<number> {
  const isNeeded = ({ diffID }: Layer): boolean =>
    need === 'files' || need === 'all' || (need === 'index' && store.readDerived(INDEX_KIND, diffID) === undefined)
  const blobs = layers.filter(isNeeded).flatMap(({ descriptor }) => {
    const from = remoteBlobs.get(descriptor.digest)
    return from ? [{ descriptor, from }] : []
  })
  const [first] = blobs
  if (!first) return 0
  const from = new Map(blobs.map((blob) => [blob.descriptor.digest, blob.from]))
  const originOf = ({ digest }: Pick<Descriptor, 'digest'>): BlobOrigin => from.get(digest) ?? first.from
  const reader: BlobOrigin = {
    has: (digest) => originOf({ digest }).has(digest),
    read: (wanted, limit) => originOf(wanted).read(wanted, limit),
    open: (wanted, own) => originOf(wanted).open(wanted, own),
    openUnhashed: (wanted, own) => {
      const origin = originOf(wanted)
      return (origin.openUnhashed ?? origin.open)(wanted, own)
    },
  }
  const descriptors = blobs.map(({ descriptor }) => descriptor)
  const { pullBlobs } = await import('../registry/pull/pull-blobs.ts')
  return pullBlobs(store, reader, descriptors, { signal, onProgress })
}
