import type { Store } from '../cache/store.ts'
import { useStore } from '../cache/use-store.ts'
import { SYSTEM_CLOCK } from '../executor/clock.ts'
import { createLazyWorker, type LazyWorker } from '../executor/run/lazy-worker.ts'
import { type LazyClient, lazyClient } from '../registry/lazy-client.ts'
import { registryOptions } from './access-of.ts'
import type { BuildOptions } from './build-options.ts'

/** The store, the registry client and the worker of a build. The latter two start when they are needed. */
export interface BuildResources extends AsyncDisposable {
  readonly store: Store
  readonly client: LazyClient
  readonly worker: LazyWorker
}

/** Opens the resources of a build. Disposing closes all of them. Errors with `STORE_IO`. */
export function openResources(options: BuildOptions): BuildResources {
  const { store: given, run = {}, clock = SYSTEM_CLOCK, onEvent: emit = () => {} } = options
  const store = useStore(given, options.env)
  const client = lazyClient(registryOptions(options))
  const worker = createLazyWorker(store, { run, clock, emit })
  return {
    store,
    client,
    worker,
    [Symbol.asyncDispose]: async () => {
      await worker.close()
      await client.close()
      store.close()
    },
  }
}
