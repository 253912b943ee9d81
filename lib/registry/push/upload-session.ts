// The upload of one blob: its location, and the bytes that the registry has (distribution-spec, "Pushing blobs").
import { TsbuildError } from '../../base/errors.ts'
import { safeURL } from '../../http/safe-url.ts'
import type { HttpBody, HttpResponse } from '../../http/types.ts'
import { digestParts } from '../../oci/digest.ts'
import type { Digest } from '../../oci/types.ts'
import type { RepositoryName } from '../hosts.ts'
import { type PushTarget, uploadFailure } from './push-target.ts'

export interface UploadSession {
  /** The URL for the next part. */
  readonly location: URL
  /** The smallest part that the registry accepts, the last part excepted. */
  readonly leastPart: number
}

/** The response to the start of an upload. A mount may complete it at once. */
export type StartedUpload = { readonly kind: 'mounted' } | { readonly kind: 'session'; readonly session: UploadSession }

/** Starts an upload; with `from`, requests a mount of another repository's blob. Undefined for a refused mount. */
export async function startUpload(
  digest: Digest,
  target: PushTarget,
  from?: RepositoryName,
): Promise<StartedUpload | undefined> {
  const { repository, client, signal } = target
  const query = queryOf(digest, from)
  const response = await client.request({
    method: 'POST',
    repository,
    path: `${repository.path}/blobs/uploads/${query}`,
    actions: 'pull,push',
    from,
    body: '',
    signal,
    idempotent: true,
  })
  if (from && response.status === 201) {
    await response.discard()
    return { kind: 'mounted' }
  }
  if (response.status === 202) {
    await response.discard()
    return { kind: 'session', session: await sessionOf(response, target) }
  }
  if (!from) throw await uploadFailure(response, target)
  await response.discard()
  return undefined
}

/** Registries compute sha256 unless the request names another algorithm, and may do so while the bytes arrive. */
function queryOf(digest: Digest, from: RepositoryName | undefined): string {
  if (from) return `?${new URLSearchParams({ mount: digest, from: from.path })}`
  const { algorithm } = digestParts(digest)
  return algorithm === 'sha256' ? '' : `?digest-algorithm=${algorithm}`
}

/** Sends the whole blob and ends the upload. */
export async function putBlob(
  { location }: UploadSession,
  digest: Digest,
  body: HttpBody | undefined,
  target: PushTarget,
): Promise<void> {
  const url = new URL(location)
  // searchParams would re-encode the rest of a signed query.
  url.search += `${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`
  const response = await upload(
    { method: 'PUT', path: url, body, headers: { 'content-type': 'application/octet-stream' } },
    target,
  )
  if (response.status !== 201 && response.status !== 204) throw await uploadFailure(response, target)
  await response.discard()
}

/** Sends a part. Returns the session with the location of the next part. */
export async function patchBlob(
  { location }: UploadSession,
  offset: number,
  part: Uint8Array,
  target: PushTarget,
): Promise<UploadSession> {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-range': `${offset}-${offset + part.byteLength - 1}`,
  }
  const response = await upload({ method: 'PATCH', path: location, body: part, headers }, target)
  // Some registries respond with 204.
  if (response.status !== 202 && response.status !== 204) throw await uploadFailure(response, target)
  await response.discard()
  return sessionOf(response, target)
}

/** The number of bytes of an upload that the registry has. */
export async function uploadedBytes(
  { location }: UploadSession,
  target: PushTarget,
): Promise<{ readonly size: number; readonly session: UploadSession }> {
  const { client, repository, signal } = target
  const response = await client.request({ path: location, repository, actions: 'pull,push', signal })
  if (response.status !== 204 && response.status !== 202) throw await uploadFailure(response, target)
  await response.discard()
  const end = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.get('range') ?? '')?.[1]
  // `0-0` may mean one byte or none. If it means one, sending that byte again fails with 416, and a new upload
  // follows.
  const size = end === undefined || end === '0' ? 0 : Number(end) + 1
  return { size, session: await sessionOf(response, target, location) }
}

/** The timeout for cancelling an upload, in milliseconds. */
const CANCEL_TIME = 1000

/** Cancels an upload, also after an abort. Failures are ignored, since uploads expire. */
export async function cancelUpload({ location }: UploadSession, target: PushTarget): Promise<void> {
  const { client, repository } = target
  const signal = AbortSignal.timeout(CANCEL_TIME)
  try {
    if (location.origin !== (await client.origin(repository, signal))) return
    const request = { method: 'DELETE', path: location, repository, actions: 'pull,push', idempotent: false } as const
    await (await client.request({ ...request, signal })).discard()
  } catch {
    // distribution-spec, "Cancel a blob upload": "Clients SHOULD ignore any failures".
  }
}

interface UploadRequest {
  readonly method: 'PUT' | 'PATCH'
  readonly path: URL
  readonly body: HttpBody | Uint8Array | undefined
  readonly headers: Readonly<Record<string, string>>
}

function upload(
  { body, ...request }: UploadRequest,
  { client, repository, signal }: PushTarget,
): Promise<HttpResponse> {
  // Sent once: pushBlob() decides how to continue after a failure.
  return client.request({ ...request, repository, actions: 'pull,push', body: body ?? '', signal, idempotent: false })
}

async function sessionOf(response: HttpResponse, target: PushTarget, otherwise?: URL): Promise<UploadSession> {
  const least = Number(response.headers.get('oci-chunk-min-length') ?? 0)
  return {
    location: await locationOf(response, target, otherwise),
    leastPart: Number.isSafeInteger(least) && least > 0 ? least : 0,
  }
}

async function locationOf(response: HttpResponse, target: PushTarget, otherwise: URL | undefined): Promise<URL> {
  const { client, repository, doing, signal } = target
  const location = response.headers.get('location')
  if (location === undefined && otherwise) return otherwise
  const origin = await client.origin(repository, signal)
  const url =
    location !== undefined && URL.canParse(location, response.url) ? new URL(location, response.url) : undefined
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    const host = new URL(response.url).host
    throw new TsbuildError('REGISTRY_INVALID', `${doing} failed: ${host} started an upload without saying where to`)
  }
  url.username = ''
  url.password = ''
  url.hash = ''
  if (!origin.startsWith('https:') || url.protocol === 'https:') return url
  // A registry behind a proxy may not know that it is reached by https:.
  if (url.hostname === new URL(origin).hostname) return new URL(url.pathname + url.search, origin)
  throw new TsbuildError('REGISTRY_INVALID', `${doing} failed: uploads go to ${safeURL(url)}, which is not encrypted`)
}
