import { parseManifest } from '../../oci/parse-manifest.ts'
import type { Descriptor } from '../../oci/types.ts'
import { addReferrer } from './add-referrer.ts'
import type { PushTarget } from './push-target.ts'
import { putManifest } from './put-manifest.ts'

/**
 * Puts a manifest or index under a tag or its digest. A manifest with a subject becomes a referrer: by the registry
 * itself, or else in the index under the referrers tag. Errors with `MANIFEST_INVALID`, and as {@link putManifest}
 * and {@link addReferrer} do.
 */
export async function pushManifest(
  descriptor: Descriptor,
  name: string,
  bytes: Uint8Array,
  target: PushTarget,
): Promise<void> {
  const parsed = parseManifest(bytes, `manifest ${descriptor.digest}`, descriptor.mediaType)
  const { subject } = parsed.kind === 'index' ? parsed.index : parsed.manifest
  const response = await putManifest(descriptor, name, bytes, target)
  // The header OCI-Subject means that the registry maintains the list itself.
  if (subject && !response.headers.has('oci-subject')) await addReferrer(subject.digest, descriptor, parsed, target)
}
