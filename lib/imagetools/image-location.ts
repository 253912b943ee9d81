// Where an image is that is not in the local store: in a repository of a registry, or in an image layout.
import type { ContentReader } from '../oci/content.ts'
import { openLayout, parseLayoutReference } from '../oci/layout.ts'
import { formatReference, parseReference, type Reference, withDefaultTag } from '../oci/reference.ts'
import type { Descriptor, Digest } from '../oci/types.ts'
import type { RegistryClient } from '../registry/client.ts'
import { openMirrored } from '../registry/pull/mirrored-repository.ts'
import { openRepository } from '../registry/pull/repository.ts'

export interface ImageLocation {
  /** In full, e.g. `docker.io/library/alpine:3.20`. */
  readonly name: string
  /** Of a registry; undefined for a layout. */
  readonly reference: Reference | undefined
  readonly reader: ContentReader
  /** The manifest or index that the name leads to. Errors with `IMAGE_NOT_FOUND`, and as requests do. */
  resolve(): Promise<Descriptor>
  /** Another manifest in the same repository or layout, as people write it. */
  nameOf(digest: Digest): string
}

export interface LocationOptions {
  readonly client: RegistryClient
  /** Ask the registry itself, where the user names mirrors: they may know an older tag. */
  readonly fresh?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens `NAME[:TAG|@DIGEST]` or `oci-layout://DIR[:TAG|@DIGEST]`. Nothing is asked of registries yet. Errors with `REFERENCE_INVALID`,
 * `LAYOUT_INVALID`.
 */
export function openLocation(text: string, { client, fresh = false, signal }: LocationOptions): ImageLocation {
  if (text.startsWith('oci-layout://')) return openLayoutLocation(text)
  const reference = withDefaultTag(parseReference(text))
  const repository = fresh ? openRepository(client, reference, signal) : openMirrored(client, reference, signal)
  const name = formatReference(reference)
  const bare = `${reference.domain}/${reference.path}`
  return {
    name,
    reference,
    reader: repository,
    resolve: repository.resolve,
    nameOf: (digest) => `${bare}@${digest}`,
  }
}

function openLayoutLocation(text: string): ImageLocation {
  const { directory, reference } = parseLayoutReference(text)
  const layout = openLayout(directory)
  return {
    name: text,
    reference: undefined,
    reader: layout,
    resolve: async () => {
      const { mediaType, digest, size, platform } = layout.find(reference)
      return { mediaType, digest, size, ...(platform && { platform }) }
    },
    nameOf: (digest) => `oci-layout://${directory}@${digest}`,
  }
}
