import { TsbuildError } from '../../base/errors.ts'
import type { Reference } from '../../oci/reference.ts'
import type { RegistryClient } from '../client.ts'
import { openRepository, type Repository } from './repository.ts'

/**
 * The repository of a reference, through its mirrors: each request goes to them first, and to the registry itself if
 * they fail. An unreachable mirror is not tried again. Content is verified by digest from any source; the first
 * source that has a tag decides its meaning. Errors are those of the registry itself, and `REGISTRY_BLOCKED`.
 */
export function openMirrored(client: RegistryClient, reference: Reference, signal?: AbortSignal): Repository {
  const own = openRepository(client, reference, signal)
  let found: Promise<readonly Repository[]> | undefined
  const unreachable = new Set<Repository>()
  const firstOf = async <T>(action: (repository: Repository) => Promise<T>): Promise<T> => {
    found ??= sourcesOf(client, reference, own, signal)
    const sources = await found
    for (const repository of sources) {
      if (unreachable.has(repository)) continue
      try {
        return await action(repository)
      } catch (error) {
        signal?.throwIfAborted()
        if (repository === sources.at(-1) || !(error instanceof TsbuildError)) throw error
        if (error.code === 'HTTP_FAILED') unreachable.add(repository)
        client.onRetry?.(error.message, 0)
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
    // After the first byte, a mirror's failure is final: the bytes cannot be taken back.
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

/** The mirrors, then the registry's own location. */
async function sourcesOf(
  client: RegistryClient,
  reference: Reference,
  own: Repository,
  signal: AbortSignal | undefined,
): Promise<readonly Repository[]> {
  const { mirrors, location, blockedBy } = await client.settings(reference)
  // The request to the registry reports the block.
  if (blockedBy !== undefined) return [own]
  const kind = reference.digest ? 'digest' : 'tag'
  const asked = mirrors.filter(({ pulls }) => pulls === 'all' || pulls === kind)
  const locations = location.transport ? [...asked, location] : asked
  const sources = locations.map((source) => openRepository(client, reference, signal, source))
  return location.transport ? sources : [...sources, own]
}
