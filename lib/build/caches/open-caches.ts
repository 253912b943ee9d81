// Opens the places of caches. Builds without caches don't load this.

import type { Store } from '../../cache/store.ts'
import { openLocalBackend } from '../../external-cache/backends/local-backend.ts'
import { openRegistryBackend } from '../../external-cache/backends/registry-backend.ts'
import type { CacheBackend } from '../../external-cache/types.ts'
import type { LazyClient } from '../../registry/lazy-client.ts'
import { originsOf, rememberOrigin } from '../../registry/pull/origins.ts'
import type { CacheSource } from './cache-options.ts'
import type { ExportedTarget } from './cache-steps.ts'

export interface CacheResources {
  readonly store: Store
  readonly client: LazyClient
  readonly signal: AbortSignal
}

/** The place of a cache. Sends no request. Errors with `REFERENCE_INVALID`. */
export async function openCache(
  cache: CacheSource | ExportedTarget,
  { store, client, signal }: CacheResources,
): Promise<CacheBackend> {
  switch (cache.type) {
    case 'backend':
      return cache.backend
    case 'local': {
      const directory = 'src' in cache ? cache.src : cache.dest
      const digest = 'digest' in cache ? cache.digest : undefined
      return openLocalBackend({ directory, reference: digest ?? cache.tag ?? 'latest' })
    }
    case 'registry':
      return openRegistryBackend({
        ref: cache.ref,
        client: await client.open(),
        signal,
        mounts: (digest) => originsOf(store, digest),
        onBlob: (digest, repository) => rememberOrigin(store, digest, repository),
      })
  }
}
