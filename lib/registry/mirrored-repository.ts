import { TsbuildError } from '../errors.ts'
import type { Reference } from '../oci/reference.ts'
import type { RegistryClient } from './client.ts'
import { openRepository, type Repository } from './repository.ts'

/**
 * The repository of a reference, by way of the mirrors that the user names: each request goes to them first, and to the registry itself
 * where they fail. Content is verified by digest wherever it came from; what a tag means, the first that knows it says. Errors are those
 * of the registry itself.
 */
export function openMirrored(client: RegistryClient, reference: Reference, signal?: AbortSignal): Repository {
  const own = openRepository(client, reference, signal)
  const { mirrors } = client.settings(reference.domain)
  if (mirrors.length === 0) return own
  const all = [
    ...mirrors.map(({ domain, path }) => {
      const below = path === '' ? reference.path : `${path}/${reference.path}`
      return openRepository(client, { ...reference, domain, path: below }, signal)
    }),
    own,
  ]
  const firstOf = async <T>(action: (repository: Repository) => Promise<T>): Promise<T> => {
    for (const repository of all) {
      try {
        return await action(repository)
      } catch (error) {
        signal?.throwIfAborted()
        if (repository === own || !(error instanceof TsbuildError)) throw error
        client.onRetry?.(`${repository.reference.domain}: ${error.message}`, 0)
      }
    }
    throw new Error('bug: the registry itself is the last')
  }
  const begun = async function* (
    open: (repository: Repository) => AsyncIterable<Uint8Array>,
  ): AsyncIterable<Uint8Array> {
    const { first, rest } = await firstOf(async (repository) => {
      const iterator = open(repository)[Symbol.asyncIterator]()
      return { first: await iterator.next(), rest: iterator }
    })
    // Once bytes came, a mirror's failure is one: they can't be taken back.
    try {
      for (let next = first; !next.done; next = await rest.next()) yield next.value
    } finally {
      await rest.return?.()
    }
  }
  return {
    reference: own.reference,
    has: own.has,
    resolve: () => firstOf((repository) => repository.resolve()),
    read: (descriptor, limit) => firstOf((repository) => repository.read(descriptor, limit)),
    open: (descriptor, stop) => begun((repository) => repository.open(descriptor, stop)),
    openUnhashed: (descriptor, stop) => begun((repository) => repository.openUnhashed(descriptor, stop)),
  }
}
