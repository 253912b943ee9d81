import type { Descriptor, Image } from '../oci/types.ts'
import type { ImageSet } from '../oci/write-index.ts'

/** An image to be written to an archive or a layout. */
export interface ArchivedImage {
  /** The descriptor of the manifest, or of an index. */
  readonly descriptor: Descriptor
  /** All blobs of the image that belong in the archive. */
  readonly blobs: readonly Descriptor[]
  /** Full names. */
  readonly names: readonly string[]
  /** The image that Docker loads; for an index, the image of one platform. */
  readonly image: Image
}

/** The archive contents of an image, or of an index with its images. */
export function archivedImage({ descriptor, images }: ImageSet, names: readonly string[]): ArchivedImage {
  const blobs = images.flatMap(({ manifest, descriptor }) => [...manifest.layers, manifest.config, descriptor])
  return { descriptor, names, image: images[0], blobs: [...blobs, descriptor] }
}
