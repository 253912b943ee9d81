import type { ResolvedImage } from '../graph/types.ts'
import { readImage } from '../oci/read-image.ts'
import type { Filesystem, Session } from './session.ts'

/** Brings a base image into the store, as far as it isn't there, and gives its layers. Everything is verified on the way. */
export async function loadBase(base: ResolvedImage, session: Session): Promise<Filesystem> {
  const { store, signal } = session
  const reader = session.images.get(base.descriptor.digest) ?? store
  const image = await readImage(reader, base.descriptor, base.config)
  if (reader !== store) {
    for (const blob of [image.manifest.config, ...image.manifest.layers, image.descriptor]) {
      if (!store.has(blob.digest)) await store.copyBlob(reader, blob, signal)
    }
  }
  return { layers: image.layers.map((layer) => ({ layer, created: undefined })) }
}
