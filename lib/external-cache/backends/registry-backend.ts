// A cache in a registry: an image manifest whose config is the index, and whose layers are the cached ones.
import { TsbuildError } from '../../base/errors.ts'
import { sha256 } from '../../oci/digest.ts'
import { manifestBytes } from '../../oci/manifest.ts'
import { isManifestType, OCI_MANIFEST } from '../../oci/media-types.ts'
import { parseManifest } from '../../oci/parse-manifest.ts'
import { familiarReference, parseReference, withDefaultTag } from '../../oci/reference.ts'
import type { Descriptor, Digest, ImageManifest } from '../../oci/types.ts'
import type { RegistryClient } from '../../registry/client.ts'
import type { RepositoryName } from '../../registry/hosts.ts'
import { fetchManifest, type ManifestRequest } from '../../registry/pull/fetch-manifest.ts'
import type { BlobOrigin } from '../../registry/pull/pull-blobs.ts'
import { openRepository, type Repository } from '../../registry/pull/repository.ts'
import { pushBlob } from '../../registry/push/push-blob.ts'
import { pushManifest } from '../../registry/push/push-manifest.ts'
import type { PushTarget } from '../../registry/push/push-target.ts'
import { CACHE_INDEX, encodeIndex, INDEX_LIMIT } from '../index-format.ts'
import { readInline } from '../inline-cache.ts'
import type { CacheBackend, CacheIndex } from '../types.ts'
import { bytesReader, refuseForeign } from './cache-manifest.ts'

export interface RegistryBackendOptions {
  /** The name of the cache, e.g. `registry.example/app:cache`. */
  readonly ref: string
  readonly client: RegistryClient
  /** The repositories that are known to have a blob: it is mounted from there. */
  readonly mounts: (digest: Digest) => readonly RepositoryName[]
  /** Called when the cache's repository has a blob. */
  readonly onBlob: (digest: Digest, repository: RepositoryName) => void
  readonly signal: AbortSignal
}

/** Images that are looked into for inline caches, when a name leads to an index. */
const MAX_IMAGES = 16

/**
 * The cache under a name. Reading finds the inline cache of an image, too. Errors with `REFERENCE_INVALID`; its
 * operations error with `CACHE_INVALID`, and as requests do.
 */
export function openRegistryBackend(options: RegistryBackendOptions): CacheBackend {
  const reference = withDefaultTag(parseReference(options.ref))
  const { client, mounts, onBlob } = options
  const { domain, path, tag, digest } = reference
  const name = familiarReference(reference)
  const repository = openRepository(client, reference, options.signal)
  const target = (signal: AbortSignal | undefined): PushTarget => ({
    client,
    repository: { domain, path },
    doing: `exporting the cache ${JSON.stringify(name)}`,
    signal,
  })
  const put = async (blob: Descriptor, from: BlobOrigin, signal: AbortSignal | undefined): Promise<number> => {
    const known = mounts(blob.digest).filter((one) => one.domain === domain && one.path !== path)
    const how = await pushBlob(blob, { reader: from, mounts: known.slice(0, 2), count: () => {} }, target(signal))
    onBlob(blob.digest, { domain, path })
    return how === 'uploaded' ? blob.size : 0
  }
  return {
    name,
    layers: repository,
    read: async (signal) => {
      const doing = `importing the cache ${JSON.stringify(name)}`
      const request: ManifestRequest = { client, repository: reference, doing, signal }
      const found = await fetchManifest(digest ?? tag ?? 'latest', request).catch(ifMissing)
      if (!found) return undefined
      const parsed = parseManifest(found.bytes, doing, found.descriptor.mediaType)
      if (parsed.kind === 'index') return encodeIndex(await readInlineImages(parsed.index.manifests, repository, name))
      const { config } = parsed.manifest
      refuseForeign(config, name)
      const bytes = await repository.read(config, INDEX_LIMIT)
      return config.mediaType === CACHE_INDEX ? bytes : encodeIndex(readInline(bytes, parsed.manifest, name))
    },
    put,
    write: async (index, layers, signal) => {
      if (digest) {
        throw new TsbuildError(
          'REFERENCE_INVALID',
          `${JSON.stringify(name)} has a digest, under which no cache can be written`,
        )
      }
      const config = { mediaType: CACHE_INDEX, digest: sha256(index), size: index.byteLength }
      await put(config, bytesReader(index), signal)
      const bytes = manifestBytes({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers })
      const descriptor = { mediaType: OCI_MANIFEST, digest: sha256(bytes), size: bytes.byteLength }
      await pushManifest(descriptor, tag ?? 'latest', bytes, target(signal))
    },
  }
}

function ifMissing(error: unknown): undefined {
  if (error instanceof TsbuildError && error.code === 'IMAGE_NOT_FOUND') return undefined
  throw error
}

/** The inline caches of an index's images, as one. */
async function readInlineImages(entries: readonly Descriptor[], reader: Repository, name: string): Promise<CacheIndex> {
  const images = entries.filter(({ mediaType }) => isManifestType(mediaType)).slice(0, MAX_IMAGES)
  const found = await Promise.all(
    images.map(async (entry): Promise<CacheIndex> => {
      const parsed = parseManifest(await reader.read(entry), name, entry.mediaType)
      const manifest = (parsed as { readonly manifest: ImageManifest }).manifest
      refuseForeign(manifest.config, name)
      return readInline(await reader.read(manifest.config), manifest, name)
    }),
  )
  return {
    builds: [],
    records: found.flatMap(({ records }) => records),
    layers: found.flatMap(({ layers }) => layers),
  }
}
