// Locates an image outside the local store: in a repository of a registry, or in an image layout.
import type { ContentReader } from '../oci/content.ts'
import { openLayout, parseLayoutReference } from '../oci/layout.ts'
import { formatReference, parseReference, type Reference, withDefaultTag } from '../oci/reference.ts'
import type { Descriptor, Digest } from '../oci/types.ts'
import type { RegistryClient } from '../registry/client.ts'
import { openMirrored } from '../registry/pull/mirrored-repository.ts'
import { openRepository } from '../registry/pull/repository.ts'

export interface ImageLocation {
  /** The full name, e.g. `docker.io/library/alpine:3.20`. */
  readonly name: string
  /** The reference in a registry; undefined for a layout. */
  readonly reference: Reference | undefined
  readonly reader: ContentReader
  /** The manifest or index that the name leads to. Errors with `IMAGE_NOT_FOUND`, and as requests do. */
  resolve(): Promise<Descriptor>
  /** The name of another manifest in the same repository or layout. */
  nameOf(digest: Digest): string
}

export interface LocationOptions {
  readonly client: RegistryClient
  /** Bypass mirrors, which may know an older tag. */
  readonly fresh?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens `NAME[:TAG|@DIGEST]` or `oci-layout://DIR[:TAG|@DIGEST]`. Sends no request yet. Errors with
 * `REFERENCE_INVALID`, `LAYOUT_INVALID`.
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
