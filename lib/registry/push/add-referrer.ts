import { TsbuildError } from '../../base/errors.ts'
import { sha256 } from '../../oci/digest.ts'
import { imageIndexBytes } from '../../oci/manifest.ts'
import { OCI_INDEX } from '../../oci/media-types.ts'
import type { ParsedManifest } from '../../oci/parse-manifest.ts'
import type { Descriptor, Digest } from '../../oci/types.ts'
import { fetchReferrersTag, referrersTag } from '../pull/fetch-referrers.ts'
import type { PushTarget } from './push-target.ts'
import { putManifest } from './put-manifest.ts'

/**
 * Adds a manifest to the referrers of its subject, in the index that clients maintain under a tag if the registry has
 * no referrers API (distribution-spec, "Pushing Manifests with Subject"). Idempotent. Two simultaneous clients may
 * lose an entry, for which the specification has no remedy. Errors with `REGISTRY_INVALID` if the tag names anything
 * but an index, and as requests do.
 */
export async function addReferrer(
  subject: Digest,
  descriptor: Descriptor,
  parsed: ParsedManifest,
  target: PushTarget,
): Promise<void> {
  const tag = referrersTag(subject)
  const list = await fetchReferrersTag(subject, target)
  if (list === 'other') {
    const { domain, path } = target.repository
    throw new TsbuildError(
      'REGISTRY_INVALID',
      `${target.doing} failed: ${domain}/${path}:${tag}, the list of what refers to ${subject}, is not an index`,
    )
  }
  const manifests = list?.manifests ?? []
  if (manifests.some(({ digest }) => digest === descriptor.digest)) return
  const bytes = imageIndexBytes({
    ...list,
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [...manifests, referrerDescriptor(descriptor, parsed)],
  })
  await putManifest({ mediaType: OCI_INDEX, digest: sha256(bytes) }, tag, bytes, target)
}

function referrerDescriptor({ mediaType, digest, size }: Descriptor, parsed: ParsedManifest): Descriptor {
  const { annotations, artifactType } = parsed.kind === 'index' ? parsed.index : parsed.manifest
  const type = artifactType || (parsed.kind === 'manifest' ? parsed.manifest.config.mediaType : undefined)
  return { mediaType, digest, size, ...(annotations && { annotations }), ...(type && { artifactType: type }) }
}
