import type { Store } from '../cache/store.ts'
import { imageBlobs } from '../oci/image-blobs.ts'
import type { Descriptor } from '../oci/types.ts'

/**
 * Gives full names to an image of the store. The disk has the image before the names, so that a name leads to a whole
 * image after a power cut, too. Errors as the store does.
 */
export async function nameImage(store: Store, descriptor: Descriptor, names: readonly string[]): Promise<void> {
  const isNew = names.some((name) => store.references.find(name)?.digest !== descriptor.digest)
  if (isNew) {
    const blobs = await imageBlobs(store, descriptor)
    // The question alone keeps a blob: the image must not lose one before it has its name.
    for (const blob of blobs) store.holds(blob)
    await store.pending.persist(blobs.map(({ digest }) => digest))
  }
  for (const name of names) store.references.set(name, descriptor)
}
