import type { RegistryClient } from './client.ts'

/** A client for registries that is loaded and opened when it is first asked for, since most builds have all that they need. */
export interface LazyClient {
  open(): Promise<RegistryClient>
  /** Closes it if it was opened. */
  close(): Promise<void>
}

export function lazyClient(): LazyClient {
  let opening: Promise<RegistryClient> | undefined
  return {
    open: () => {
      opening ??= import('./client.ts').then(({ openRegistryClient }) => openRegistryClient())
      return opening
    },
    close: async () => {
      const client = await opening
      await client?.close()
    },
  }
}
