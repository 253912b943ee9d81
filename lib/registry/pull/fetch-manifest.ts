// Fetches manifests and indexes of a repository, by tag or digest.
import { TsbuildError } from '../../base/errors.ts'
import { MANIFEST_LIMIT } from '../../base/input-limit.ts'
import { readBody } from '../../http/read-body.ts'
import type { HttpResponse } from '../../http/types.ts'
import { isDigest, sha256 } from '../../oci/digest.ts'
import {
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  isIndexType,
  isManifestType,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../oci/media-types.ts'
import { parseManifest } from '../../oci/parse-manifest.ts'
import type { Descriptor } from '../../oci/types.ts'
import type { RegistryClient } from '../client.ts'
import type { RepositoryName } from '../hosts.ts'
import { registryError } from '../registry-error.ts'

/** The Accept header. Registries respond 404 to requests that do not accept the manifest's type. */
export const MANIFEST_TYPES: string = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST].join(', ')

export interface ManifestRequest {
  readonly client: RegistryClient
  readonly repository: RepositoryName
  /** The operation, for messages. */
  readonly doing: string
  readonly signal?: AbortSignal | undefined
}

/** A manifest or index, with the bytes that the registry sent. */
export interface FetchedManifest {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
}

/**
 * The descriptor of a tag from a HEAD request, which registries do not count as a pull. Undefined if the response is
 * an error or lacks a field: GET tells more then.
 */
export async function headManifest(tag: string, request: ManifestRequest): Promise<Descriptor | undefined> {
  const response = await ask('HEAD', tag, request)
  await response.discard()
  const digest = response.headers.get('docker-content-digest')
  const size = Number(response.headers.get('content-length') ?? Number.NaN)
  const mediaType = typeOf(response)
  const known = isIndexType(mediaType) || isManifestType(mediaType)
  if (response.status !== 200 || !isDigest(digest) || !known || !Number.isSafeInteger(size) || size < 1)
    return undefined
  return { mediaType, digest, size }
}

/**
 * Fetches the manifest of a tag or digest. Verified by the requested digest, else by the digest that the registry
 * announces. Errors with `IMAGE_NOT_FOUND`, `DIGEST_MISMATCH`, `MANIFEST_INVALID`, `UNSUPPORTED` (schema 1),
 * `REGISTRY_INVALID`, and as requests do.
 */
export async function fetchManifest(reference: string, request: ManifestRequest): Promise<FetchedManifest> {
  const { doing, repository, client } = request
  const response = await ask('GET', reference, request)
  if (response.status !== 200) {
    throw await registryError(response, { doing, repository, client, actions: 'pull', missing: 'IMAGE_NOT_FOUND' })
  }
  const mediaType = typeOf(response)
  refusePage(response, request)
  const bytes = await readBody(response, MANIFEST_LIMIT)
  const announced = response.headers.get('docker-content-digest')
  const digest = isDigest(reference) ? reference : isDigest(announced) ? announced : sha256(bytes)
  // Loaded here, since builds without registries do not need it.
  const { verifyIntegrity } = await import('../../oci/integrity.ts')
  verifyIntegrity(bytes, digest)
  const what = `manifest ${digest} of ${repository.domain}/${repository.path}`
  const parsed = parseManifest(bytes, what, mediaType)
  const type = parsed.kind === 'index' ? parsed.index.mediaType : parsed.manifest.mediaType
  return { descriptor: { mediaType: type, digest, size: bytes.byteLength }, bytes }
}

function ask(method: 'GET' | 'HEAD', reference: string, request: ManifestRequest): Promise<HttpResponse> {
  const { client, repository, signal } = request
  return client.request({
    method,
    repository,
    path: `${repository.path}/manifests/${reference}`,
    actions: 'pull',
    headers: { accept: MANIFEST_TYPES },
    signal,
  })
}

const typeOf = ({ headers }: HttpResponse): string => (headers.get('content-type') ?? '').split(';')[0]?.trim() ?? ''

/** Errors if the response is an HTML page with status 200, such as a login page or a proxy's error. */
export function refusePage(response: HttpResponse, { doing }: ManifestRequest): void {
  if (typeOf(response) !== 'text/html') return
  const host = new URL(response.url).host
  throw new TsbuildError('REGISTRY_INVALID', `${doing} failed: ${host} answered with a page of HTML, not a manifest`, {
    hint: 'a proxy or a login page may respond in its place, or the host is not a registry',
  })
}
