// Lists the tags of a repository and the referrers of an image.
import { formatReference, parseReference, withDefaultTag } from '../oci/reference.ts'
import type { Descriptor, Digest } from '../oci/types.ts'
import { openRegistryClient, type RegistryClient, type RegistryOptions } from '../registry/client.ts'
import { fetchReferrers } from '../registry/pull/fetch-referrers.ts'
import { fetchTags } from '../registry/pull/fetch-tags.ts'
import { openRepository } from '../registry/pull/repository.ts'

export interface ListOptions extends RegistryOptions {
  readonly signal?: AbortSignal | undefined
}

export interface ListReferrersOptions extends ListOptions {
  /** List only referrers of this type. */
  readonly artifactType?: string | undefined
}

/** The manifests that refer to another one: signatures, attestations, bills of materials. */
export interface Referrers {
  /** The full name of the subject. */
  readonly name: string
  /** The digest of the manifest that they refer to. */
  readonly subject: Digest
  readonly manifests: readonly Descriptor[]
}

/**
 * The tags of a repository. Errors with `IMAGE_NOT_FOUND`, `REGISTRY_AUTH`, `REGISTRY_INVALID`, and as requests do.
 *
 * @example
 * ```ts
 * import { build, listTags, openStore, pushImage } from '@tsbuild/tsbuild'
 *
 * const context = new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']])
 * await build({ context, tags: ['localhost:5000/tools:1'] })
 * await pushImage(openStore(), 'localhost:5000/tools:1')
 * console.log(await listTags('localhost:5000/tools')) // 1
 * ```
 */
export function listTags(name: string, options: ListOptions = {}): Promise<readonly string[]> {
  const reference = parseReference(name)
  const what = `${reference.domain}/${reference.path}`
  return withClient(options, (client, signal) =>
    fetchTags({ client, repository: reference, doing: `listing the tags of ${JSON.stringify(what)}`, signal }),
  )
}

/**
 * The referrers of the manifest or index that a name leads to, by the registry's referrers API, else by the referrers
 * tag. Mirrors are not asked. Errors with `IMAGE_NOT_FOUND` for a missing tag, and as {@link listTags} does.
 *
 * @example
 * ```ts
 * import { build, listReferrers, openStore, pushImage } from '@tsbuild/tsbuild'
 *
 * const context = new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']])
 * await build({ context, tags: ['localhost:5000/app:4'] })
 * await pushImage(openStore(), 'localhost:5000/app:4')
 * const { manifests } = await listReferrers('localhost:5000/app:4')
 * console.log(manifests.length) // 0
 * ```
 */
export function listReferrers(name: string, options: ListReferrersOptions = {}): Promise<Referrers> {
  const { artifactType, ...rest } = options
  const reference = withDefaultTag(parseReference(name))
  const full = formatReference(reference)
  return withClient(rest, async (client, signal) => {
    // A digest may have referrers before it exists itself.
    const subject = reference.digest ?? (await openRepository(client, reference, signal).resolve()).digest
    const doing = `listing what refers to ${JSON.stringify(full)}`
    const manifests = await fetchReferrers(subject, { client, repository: reference, doing, signal, artifactType })
    return { name: full, subject, manifests }
  })
}

async function withClient<T>(
  { signal, ...options }: ListOptions,
  action: (client: RegistryClient, signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const client = openRegistryClient(options)
  try {
    return await action(client, signal)
  } finally {
    await client.close()
  }
}
