import type { ContentStore } from './content.ts'
import { imageIndexBytes } from './manifest.ts'
import { OCI_INDEX } from './media-types.ts'
import type { Descriptor, Image } from './types.ts'

/** The result of a build: one image, or the images of several platforms under an index. */
export interface ImageSet {
  /** The descriptor of the image's manifest, or of the index. */
  readonly descriptor: Descriptor
  readonly images: readonly [Image, ...Image[]]
  readonly isIndex: boolean
}

/** An image that is in no index. */
export const oneImage = (image: Image): ImageSet => ({ descriptor: image.descriptor, images: [image], isIndex: false })

/**
 * Puts an index of images into the store, in the format of BuildKit: the descriptors in the given order, each with
 * its platform. Deterministic.
 */
export function writeIndex(store: Pick<ContentStore, 'put'>, images: ImageSet['images']): ImageSet {
  const manifests = images.map(({ descriptor }) => descriptor)
  const bytes = imageIndexBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })
  return { descriptor: store.put(bytes, OCI_INDEX), images, isIndex: true }
}
