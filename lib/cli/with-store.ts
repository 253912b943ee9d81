import { openStore, type Store } from '../index.ts'
import type { Args } from './command-spec.ts'

/** Runs an action with the store of `--store`, and closes it. */
export async function withStore<T>(args: Args, action: (store: Store) => Promise<T>): Promise<T> {
  const store = openStore(args.value('store'))
  try {
    return await action(store)
  } finally {
    store.close()
  }
}
