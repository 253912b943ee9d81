import type { Store } from '../cache/store.ts'
import type { Descriptor, Digest } from '../oci/types.ts'
import type { BlobOrigin } from '../registry/pull/pull-blobs.ts'

type Wanted = Pick<Descriptor, 'digest' | 'size'>

/**
 * A store that fetches missing blobs: a blob with a source is pulled into the store at its first read. Reading also
 * errors as the source does.
 */
export function lazyStore(store: Store, sources: ReadonlyMap<Digest, BlobOrigin>): Store {
  const coming = new Map<Digest, Promise<unknown>>()
  const fetch = (wanted: Wanted, signal: AbortSignal | undefined): Promise<unknown> | undefined => {
    const source = sources.get(wanted.digest)
    if (!source || store.holds(wanted)) return undefined
    const fetching = coming.get(wanted.digest) ?? pull(wanted, source, signal)
    coming.set(wanted.digest, fetching)
    return fetching.finally(() => coming.delete(wanted.digest))
  }
  const pull = async (wanted: Wanted, source: BlobOrigin, signal: AbortSignal | undefined): Promise<unknown> => {
    const { pullBlobs } = await import('../registry/pull/pull-blobs.ts')
    return pullBlobs(store, source, [{ mediaType: '', ...wanted }], { signal })
  }
  return {
    ...store,
    async *open(wanted, signal) {
      await fetch(wanted, signal)
      yield* store.open(wanted, signal)
    },
    async *openUnhashed(wanted, signal) {
      await fetch(wanted, signal)
      yield* store.openUnhashed(wanted, signal)
    },
    read: async (wanted, limit) => {
      await fetch(wanted, undefined)
      return store.read(wanted, limit)
    },
  }
}
