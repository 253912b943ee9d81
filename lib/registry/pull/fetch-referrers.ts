// Lists the referrers of a manifest (distribution-spec, "Listing Referrers").
import { TsbuildError } from '../../base/errors.ts'
import { MANIFEST_LIMIT } from '../../base/input-limit.ts'
import { readBody } from '../../http/read-body.ts'
import { digestParts } from '../../oci/digest.ts'
import { OCI_INDEX } from '../../oci/media-types.ts'
import { parseManifest } from '../../oci/parse-manifest.ts'
import type { Descriptor, Digest, ImageIndex } from '../../oci/types.ts'
import { registryError } from '../registry-error.ts'
import { fetchManifest, type ManifestRequest, refusePage } from './fetch-manifest.ts'
import { pages } from './next-page.ts'

export interface ReferrersRequest extends ManifestRequest {
  /** Only referrers of this type. */
  readonly artifactType?: string | undefined
}

/** The longest list that is accepted. */
const MAX_REFERRERS = 100_000

/** The status codes of registries without the API: 404 by the specification, others in practice. */
const UNKNOWN: ReadonlySet<number> = new Set([400, 404, 405, 501])

/**
 * The manifests of a repository with the given subject, each once: by the registry's API, else by the tag that
 * clients maintain. Always filtered here, because some registries do not filter. Errors with `MANIFEST_INVALID`,
 * `REGISTRY_INVALID`, and as requests do.
 */
export async function fetchReferrers(subject: Digest, request: ReferrersRequest): Promise<readonly Descriptor[]> {
  const { artifactType } = request
  const found = (await askForReferrers(subject, request)) ?? (await fetchTaggedReferrers(subject, request))?.manifests
  const wanted = (found ?? []).filter((entry) => artifactType === undefined || entry.artifactType === artifactType)
  return [...new Map(wanted.map((entry) => [entry.digest, entry])).values()]
}

/**
 * The index under the referrers tag, which clients maintain. Undefined if there is no such tag or its manifest is not
 * an index: then, by the specification, there are no referrers. Errors as fetchManifest() does.
 */
async function fetchTaggedReferrers(subject: Digest, request: ManifestRequest): Promise<ImageIndex | undefined> {
  const tagged = await fetchReferrersTag(subject, request)
  return tagged === 'other' ? undefined : tagged
}

/** The same, but `other` for a manifest that is not an index. */
export async function fetchReferrersTag(
  subject: Digest,
  request: ManifestRequest,
): Promise<ImageIndex | 'other' | undefined> {
  try {
    const { bytes, descriptor } = await fetchManifest(referrersTag(subject), request)
    const parsed = parseManifest(bytes, `referrers of ${subject}`, descriptor.mediaType)
    return parsed.kind === 'index' ? parsed.index : 'other'
  } catch (error) {
    if (error instanceof TsbuildError && error.code === 'IMAGE_NOT_FOUND') return undefined
    throw error
  }
}

/** The referrers tag of a digest: `sha256-<hex>`, the hex cut to 64 characters. */
export function referrersTag(subject: Digest): string {
  const { algorithm, hex } = digestParts(subject)
  return `${algorithm}-${hex.slice(0, 64)}`
}

/** Undefined if the registry does not have the API. */
async function askForReferrers(subject: Digest, request: ReferrersRequest): Promise<readonly Descriptor[] | undefined> {
  const { client, repository, doing, artifactType } = request
  const filter = artifactType === undefined ? '' : `?${new URLSearchParams({ artifactType })}`
  const found: Descriptor[] = []
  let first = true
  for await (const response of pages(`${repository.path}/referrers/${subject}${filter}`, OCI_INDEX, request)) {
    if (first && UNKNOWN.has(response.status)) {
      await response.discard()
      return undefined
    }
    first = false
    if (response.status !== 200) throw await registryError(response, { doing, repository, client, actions: 'pull' })
    refusePage(response, request)
    const what = `referrers of ${subject} from ${repository.domain}`
    const parsed = parseManifest(await readBody(response, MANIFEST_LIMIT), what, OCI_INDEX)
    if (parsed.kind === 'index') found.push(...parsed.index.manifests)
    if (found.length > MAX_REFERRERS) throw new TsbuildError('REGISTRY_INVALID', `${what}: more than ${MAX_REFERRERS}`)
  }
  return found
}
