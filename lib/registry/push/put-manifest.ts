import { TsbuildError } from '../../base/errors.ts'
import type { HttpResponse } from '../../http/types.ts'
import type { Descriptor, Digest } from '../../oci/types.ts'
import { MANIFEST_TYPES } from '../pull/fetch-manifest.ts'
import { type PushTarget, pushError } from './push-target.ts'

/**
 * Puts a manifest or index under a tag or its digest. Returns the response, with its body discarded. Errors with
 * `DIGEST_MISMATCH` if the registry stored something else, and as requests do.
 */
export async function putManifest(
  { mediaType, digest }: Pick<Descriptor, 'mediaType' | 'digest'>,
  name: string,
  bytes: Uint8Array,
  target: PushTarget,
): Promise<HttpResponse> {
  const { client, repository, doing, signal } = target
  const response = await client.request({
    method: 'PUT',
    repository,
    path: `${repository.path}/manifests/${name}`,
    actions: 'pull,push',
    headers: { 'content-type': mediaType },
    body: bytes,
    signal,
  })
  if (response.status < 200 || response.status >= 300) throw await pushError(response, target)
  await response.discard()
  const stored = response.headers.get('docker-content-digest')
  if (stored === undefined || stored === digest || !stored.startsWith('sha256:')) return response
  const host = new URL(response.url).host
  throw new TsbuildError('DIGEST_MISMATCH', `${doing} failed: ${host} stored ${stored} for ${digest}`)
}

/**
 * Whether a repository has a manifest, and therefore all that the manifest refers to. Errors with `REGISTRY_AUTH`,
 * and as requests do.
 */
export async function hasManifest(digest: Digest, target: PushTarget): Promise<boolean> {
  const { client, repository, signal } = target
  const path = `${repository.path}/manifests/${digest}`
  const headers = { accept: MANIFEST_TYPES }
  const response = await client.request({ method: 'HEAD', repository, path, actions: 'pull,push', headers, signal })
  await response.discard()
  if (response.status === 401 || response.status === 403) throw await pushError(response, target)
  return response.status === 200
}
