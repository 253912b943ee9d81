import { digestParts } from '../../oci/digest.ts'
import type { Digest } from '../../oci/types.ts'
import { blobParts, unnamedImages } from './blob-parts.ts'
import { readNotes } from './derived-notes.ts'
import { blobsOf, imageParts, namedImages } from './image-parts.ts'
import { removeParts } from './remove-parts.ts'

/** The blobs that went with an image. */
export interface RemovedBlobs {
  readonly deleted: readonly Digest[]
  /** The bytes of these blobs, and of what was noted about them. */
  readonly reclaimed: number
}

/**
 * Removes the parts of an image that nothing else needs: no other image, with a name or without, no build record, no
 * process. Does nothing if the image has a name. Errors with `STORE_IO`.
 */
export async function removeImageParts(root: string, digest: Digest): Promise<RemovedBlobs> {
  const image = imageParts(root, digest)
  const own = blobsOf([image])
  const diffIDs = new Set(image.layers.flatMap(({ diffID }) => (diffID ? [digestParts(diffID).hex] : [])))
  const named = namedImages(root)
  const others = unnamedImages(root, readNotes(root), named).filter((other) => !own.has(other.digest))
  const needed = blobsOf([...named, ...others])
  const unneeded = blobParts(root).filter(
    ({ id, names, shared, leased, records }) =>
      names === undefined &&
      !shared &&
      records.length === 0 &&
      (diffIDs.has(id) || leased.some(({ name }) => own.has(name as Digest))) &&
      leased.every(({ name }) => !needed.has(name as Digest)),
  )
  const removed = await removeParts(root, unneeded, () => {})
  return {
    deleted: removed.flatMap(({ leased }) => leased.map(({ name }) => name as Digest)),
    reclaimed: removed.reduce((sum, { size }) => sum + size, 0),
  }
}
