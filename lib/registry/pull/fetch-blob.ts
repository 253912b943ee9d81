import { readUpTo } from '../../http/read-body.ts'
import { resumeBody } from '../../http/resume-body.ts'
import { safeURL } from '../../http/safe-url.ts'
import type { HttpResponse } from '../../http/types.ts'
import { sizeMismatch, verifyStream } from '../../oci/digest.ts'
import type { Descriptor } from '../../oci/types.ts'
import { registryError } from '../registry-error.ts'
import type { ManifestRequest } from './fetch-manifest.ts'

type Wanted = Pick<Descriptor, 'digest' | 'size'>

/** Consecutive interruptions after which a download gives up. */
const RESUMES = 4

/**
 * The bytes of a blob, verified, and resumed after interruptions. Errors with `BLOB_NOT_FOUND`, `DIGEST_MISMATCH`,
 * and as requests do.
 */
export function fetchBlob(wanted: Wanted, request: ManifestRequest): AsyncIterable<Uint8Array> {
  return verifyStream(fetchBytes(wanted, request), wanted)
}

/**
 * The same bytes without the digest, for receivers that compute it anyway: hashing is half of the cost of a large
 * blob. Only the size is verified.
 */
export async function* fetchBytes(wanted: Wanted, request: ManifestRequest): AsyncIterable<Uint8Array> {
  const { client, signal } = request
  const first = await ask(wanted, request, 0)
  const body = resumeBody(first.body, {
    signal,
    describe: `GET ${safeURL(first.url)}`,
    size: wanted.size,
    retries: RESUMES,
    wait: client.wait,
    onRetry: client.onRetry,
    // A 200 is fine, too, since the whole is verified.
    reopen: (offset) => ask(wanted, request, offset),
  })
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > wanted.size) throw sizeMismatch(wanted, size)
    yield chunk
  }
}

/** A whole small blob, verified. Errors as {@link fetchBlob} does. */
export async function readBlob(wanted: Wanted, request: ManifestRequest): Promise<Uint8Array> {
  const { bytes } = await readUpTo(fetchBlob(wanted, request), wanted.size)
  return bytes
}

async function ask(wanted: Wanted, request: ManifestRequest, offset: number): Promise<HttpResponse> {
  const { client, repository, doing, signal } = request
  const path = `${repository.path}/blobs/${wanted.digest}`
  const headers: Record<string, string> = offset === 0 ? {} : { range: `bytes=${offset}-` }
  const response = await client.request({ repository, path, actions: 'pull', headers, signal })
  if (response.status === 200 || (response.status === 206 && offset > 0)) return response
  const asked = { doing: `${doing}: blob ${wanted.digest}`, repository, client, actions: 'pull' } as const
  throw await registryError(response, { ...asked, missing: 'BLOB_NOT_FOUND' })
}
