import type { Store } from '../cache/store.ts'
import { imageBlobs } from '../oci/image-blobs.ts'
import type { Descriptor } from '../oci/types.ts'

/**
 * Gives full names to an image of the store. The disk has the image before the names, so that a name leads to a whole
 * image after a power cut, too. Errors as the store does.
 */
export async function nameImage(store: Store, descriptor: Descriptor, names: readonly string[]): Promise<void> {
  const isNew = names.some((name) => store.references.find(name)?.digest !== descriptor.digest)
  if (isNew) await store.pending.persist((await imageBlobs(store, descriptor)).map(({ digest }) => digest))
  for (const name of names) store.references.set(name, descriptor)
}
