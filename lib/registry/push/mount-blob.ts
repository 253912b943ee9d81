// Mounts blobs across the repositories of a registry (distribution-spec, "Mounting a blob from another repository").
import { TsbuildError } from '../../base/errors.ts'
import type { Descriptor, Digest } from '../../oci/types.ts'
import type { RepositoryName } from '../hosts.ts'
import type { PushTarget } from './push-target.ts'
import { cancelUpload, startUpload, type UploadSession } from './upload-session.ts'

/**
 * Mounts a blob from the first of some repositories that the registry accepts. Each refused mount costs one
 * request. A registry may start an upload instead of a mount: that session is returned, for the upload. Undefined
 * if there is neither.
 */
export async function mountBlob(
  { digest }: Descriptor,
  mounts: readonly RepositoryName[],
  target: PushTarget,
): Promise<'mounted' | UploadSession | undefined> {
  const { domain, path } = target.repository
  let offered: UploadSession | undefined
  for (const from of mounts) {
    if (from.domain !== domain || from.path === path) continue
    const started = await startMount(digest, from, target)
    if (started?.kind === 'session' && offered === undefined) offered = started.session
    else if (started?.kind === 'session') await cancelUpload(started.session, target)
    if (started?.kind !== 'mounted') continue
    if (offered) await cancelUpload(offered, target)
    return 'mounted'
  }
  return offered
}

async function startMount(
  digest: Digest,
  from: RepositoryName,
  target: PushTarget,
): Promise<Awaited<ReturnType<typeof startUpload>>> {
  try {
    return await startUpload(digest, target, from)
  } catch (error) {
    // A token for both repositories may be denied where one for the target alone is not.
    if (error instanceof TsbuildError && error.code === 'REGISTRY_AUTH') return undefined
    throw error
  }
}
