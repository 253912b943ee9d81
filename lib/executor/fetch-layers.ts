// Fetches layers that are in registries, or in imported caches.
import { INDEX_KIND } from '../layers/index/layer-index.ts'
import type { Descriptor, Layer } from '../oci/types.ts'
import type { BlobOrigin } from '../registry/pull/pull-blobs.ts'
import { layersOf } from './filesystem.ts'
import type { Filesystem, Session } from './session.ts'

type Fetcher = Pick<Session, 'store' | 'remoteBlobs' | 'signal'>

/**
 * Brings those of the layers into the store that it lacks and that are elsewhere, several at once. Returns the number
 * of bytes. Errors as the origins do.
 */
export async function fetchLayers(
  layers: readonly Layer[],
  { store, remoteBlobs, signal }: Fetcher,
  onProgress?: (current: number, total: number) => void,
): Promise<number> {
  const blobs = layers.flatMap(({ diffID, descriptor }) => {
    const from = remoteBlobs.get(descriptor.digest)
    return from && !store.has(diffID) && !store.holds(descriptor) ? [{ descriptor, from }] : []
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

/** The layers of a filesystem whose paths can't be looked up without fetching them. */
export function unseenLayers(filesystem: Filesystem, { store, remoteBlobs }: Fetcher): readonly Layer[] {
  return layersOf(filesystem)
    .map(({ layer }) => layer)
    .filter(
      ({ diffID, descriptor }) =>
        remoteBlobs.has(descriptor.digest) &&
        !store.has(diffID) &&
        !store.holds(descriptor) &&
        store.readDerived(INDEX_KIND, diffID) === undefined,
    )
}
