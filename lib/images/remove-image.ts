import type { Store } from '../cache/store.ts'
import { findStored } from './find-stored.ts'

/**
 * Removes a name, or with a digest all names of its image. Returns the full names. The blobs stay until the store
 * is cleaned. Errors as `findStored` does.
 *
 * @example
 * ```ts
 * import { build, openStore, removeImage } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['old:1'] })
 * console.log(await removeImage(openStore(), 'old:1')) // docker.io/library/old:1
 * ```
 */
export async function removeImage(store: Store, nameOrDigest: string): Promise<readonly string[]> {
  const found = await findStored(store, nameOrDigest)
  const names = found.byName
    ? [found.name]
    : store.references
        .list()
        .filter(({ descriptor }) => descriptor.digest === found.descriptor.digest)
        .map((reference) => reference.name)
  const removed = names.filter((name) => name !== undefined && store.references.remove(name))
  return removed.filter((name) => name !== undefined)
}
