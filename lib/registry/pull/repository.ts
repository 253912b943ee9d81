import { MANIFEST_LIMIT } from '../../base/input-limit.ts'
import { checkLimit } from '../../oci/blob-file.ts'
import type { ContentReader, UnhashedReader } from '../../oci/content.ts'
import { verifyBytes } from '../../oci/digest.ts'
import { isIndexType, isManifestType } from '../../oci/media-types.ts'
import { familiarReference, type Reference, withDefaultTag } from '../../oci/reference.ts'
import type { Descriptor, Digest } from '../../oci/types.ts'
import type { RegistryClient } from '../client.ts'
import type { RepositoryName } from '../hosts.ts'
import { fetchBlob, fetchBytes, readBlob } from './fetch-blob.ts'
import { fetchManifest, headManifest, type ManifestRequest } from './fetch-manifest.ts'

/**
 * A repository of a registry to read from. All content is verified; `open` errors with `BLOB_NOT_FOUND` and as
 * requests do. The media type of the descriptor tells manifests from other blobs, so readers need whole descriptors.
 */
export interface Repository extends ContentReader, UnhashedReader {
  readonly reference: Reference
  /**
   * The manifest or index that the reference names now. A reference with a digest names that, whatever its tag.
   * Errors with `IMAGE_NOT_FOUND`, `REGISTRY_AUTH`, and as requests do.
   */
  resolve(): Promise<Descriptor>
}

/** Opens the repository of a reference, perhaps at another location. Sends no request yet. */
export function openRepository(
  client: RegistryClient,
  given: Reference,
  signal?: AbortSignal,
  repository: RepositoryName = given,
): Repository {
  const reference = withDefaultTag(given)
  const doing = `pulling ${JSON.stringify(familiarReference(reference))}`
  const request = (own: AbortSignal | undefined): ManifestRequest => ({
    client,
    repository,
    doing,
    signal: own ?? signal,
  })
  // The manifests that resolve() fetched, so that they are not fetched again.
  const known = new Map<Digest, Uint8Array>()
  const manifest = async (name: string): Promise<Descriptor> => {
    const { descriptor, bytes } = await fetchManifest(name, request(undefined))
    known.set(descriptor.digest, bytes)
    return descriptor
  }
  return {
    reference,
    resolve: async () => {
      const { tag = 'latest', digest } = reference
      if (digest) return manifest(digest)
      return (await headManifest(tag, request(undefined))) ?? manifest(tag)
    },
    has: () => true,
    open: (descriptor, own) => fetchBlob(descriptor, request(own)),
    openUnhashed: (descriptor, own) => fetchBytes(descriptor, request(own)),
    read: async (descriptor, limit) => {
      checkLimit(descriptor, limit ?? MANIFEST_LIMIT)
      if (!isManifest(descriptor)) return readBlob(descriptor, request(undefined))
      const bytes = known.get(descriptor.digest) ?? (await fetchManifest(descriptor.digest, request(undefined))).bytes
      verifyBytes(bytes, descriptor)
      return bytes
    },
  }
}

function isManifest(descriptor: Pick<Descriptor, 'digest' | 'size'> & { readonly mediaType?: string }): boolean {
  const { mediaType } = descriptor
  return mediaType !== undefined && (isIndexType(mediaType) || isManifestType(mediaType))
}
