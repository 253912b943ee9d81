import type { RegistryClient, RegistryOptions } from './client.ts'

/** A registry client that is loaded and opened when it is first needed: most builds need none. */
export interface LazyClient {
  open(): Promise<RegistryClient>
  /** Closes the client if it was opened. */
  close(): Promise<void>
}

export function lazyClient(options: RegistryOptions = {}): LazyClient {
  let opening: Promise<RegistryClient> | undefined
  return {
    open: () => {
      opening ??= import('./client.ts').then(({ openRegistryClient }) => openRegistryClient(options))
      return opening
    },
    close: async () => {
      const client = await opening
      await client?.close()
    },
  }
}
