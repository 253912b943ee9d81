import { TsbuildError } from '../base/errors.ts'
import { removeImageParts } from '../cache/space/remove-image-parts.ts'
import type { Store } from '../cache/store.ts'
import type { Digest } from '../oci/types.ts'
import { type FoundImage, findStored } from './find-stored.ts'

export interface RemoveImageOptions {
  /** Remove the names alone, and keep the blobs. */
  readonly noPrune?: boolean
  /** Do nothing for an image that is not in the store, instead of an error. */
  readonly force?: boolean
}

/** The result of removing an image. */
export interface RemovedImage {
  /** The full names that were removed. */
  readonly names: readonly string[]
  /** The blobs that were deleted: manifests, configs and layers. */
  readonly deleted: readonly Digest[]
  /** Their bytes. */
  readonly reclaimed: number
}

/**
 * Removes a name, or with a digest all names of its image. When the last one is gone, the blobs go, too, that nothing
 * else needs: no other image, no build record, no process. Layers that are the results of steps are cache, and stay
 * until they are pruned. Errors as `findStored` does, and with `STORE_IO`.
 *
 * @example
 * ```ts
 * import { build, openStore, removeImage } from '@tsbuild/tsbuild'
 *
 * const store = openStore('removed')
 * await build({ store, context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['old:1'] })
 * const { names, deleted } = await removeImage(store, 'old:1')
 * console.log(names[0], deleted.length) // docker.io/library/old:1 2
 * ```
 */
export async function removeImage(
  store: Store,
  nameOrDigest: string,
  options: RemoveImageOptions = {},
): Promise<RemovedImage> {
  const { noPrune = false, force = false } = options
  const found = await findToRemove(store, nameOrDigest, force)
  if (!found) return { names: [], deleted: [], reclaimed: 0 }
  const { digest } = found.descriptor
  const names = found.byName ? [found.name] : namesOf(store, digest)
  const removed = names.filter((name) => name !== undefined).filter((name) => store.references.remove(name))
  if (noPrune || store.root === undefined || namesOf(store, digest).length > 0) {
    return { names: removed, deleted: [], reclaimed: 0 }
  }
  return { names: removed, ...(await removeImageParts(store.root, digest)) }
}

/** Finds an image without keeping it: what the search has read counts as unused afterwards. */
async function findToRemove(store: Store, asked: string, force: boolean): Promise<FoundImage | undefined> {
  using _kept = store.leases?.begin()
  try {
    return await findStored(store, asked)
  } catch (error) {
    if (force && error instanceof TsbuildError && error.code === 'IMAGE_NOT_FOUND') return undefined
    throw error
  }
}

function namesOf(store: Store, digest: Digest): readonly string[] {
  return store.references
    .list()
    .filter(({ descriptor }) => descriptor.digest === digest)
    .map(({ name }) => name)
}
