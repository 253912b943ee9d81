import { TsbuildError } from '../../base/errors.ts'
import { MANIFEST_LIMIT } from '../../base/input-limit.ts'
import type { ContentReader } from '../../oci/content.ts'
import { imageBlobs } from '../../oci/image-blobs.ts'
import { isIndexType, isManifestType } from '../../oci/media-types.ts'
import { parseManifest } from '../../oci/parse-manifest.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { familiarReference, type Reference, withDefaultTag } from '../../oci/reference.ts'
import type { Descriptor, Digest } from '../../oci/types.ts'
import type { RegistryClient } from '../client.ts'
import type { RepositoryName } from '../hosts.ts'
import { inParallel } from '../in-parallel.ts'
import type { BlobOrigin, TransferOptions } from '../pull/pull-blobs.ts'
import { byRepository } from './by-repository.ts'
import { type PushedHow, pushBlob } from './push-blob.ts'
import { pushManifest } from './push-manifest.ts'
import type { PushTarget } from './push-target.ts'

export interface PushOptions extends TransferOptions {
  readonly client: RegistryClient
  /**
   * Reads the image's blobs. The registry verifies blobs that are read unhashed; a refused blob is read again,
   * verified.
   */
  readonly reader: BlobOrigin
  /** The repositories that are known to have a blob. */
  readonly mounts?: ((digest: Digest) => readonly RepositoryName[]) | undefined
  /** Called when a repository has a blob. */
  readonly onBlob?: ((digest: Digest, repository: RepositoryName, how: PushedHow) => void) | undefined
}

/** The result of a push. */
export interface PushReport {
  /** The names in short form. */
  readonly names: readonly string[]
  /** The digest of the manifest or index. */
  readonly digest: Digest
  /** The numbers of blobs that were there, mounted and uploaded, manifests not counted. */
  readonly blobs: Readonly<Record<PushedHow, number>>
  /** The bytes of the uploaded blobs. */
  readonly uploaded: number
}

const AT_ONCE = 4

/**
 * Pushes an image, or an index with all its images, under each reference. Blobs go first, four at once, then
 * manifests, each after those that it refers to, the named one last: nobody sees half an image. A reference without
 * tag and digest gets `latest`; one with only a digest is pushed by digest. Errors with `REFERENCE_INVALID` for
 * another digest, with `IMAGE_INVALID` for an index that is not complete here, and as requests do.
 */
export async function pushImage(
  descriptor: Descriptor,
  references: readonly Reference[],
  options: PushOptions,
): Promise<PushReport> {
  const { client, reader, signal, onProgress } = options
  refuseOtherDigests(descriptor, references)
  await checkWhole(descriptor, reader)
  const all = await imageBlobs(reader, descriptor)
  const blobs = all.filter((blob) => !isManifest(blob) && isDistributed(blob))
  const children = all.filter((blob) => isManifest(blob) && blob.digest !== descriptor.digest)
  const repositories = byRepository(references.map(withDefaultTag))
  const read = (manifest: Descriptor): Promise<Uint8Array> => reader.read(manifest, MANIFEST_LIMIT)
  const pushed: RepositoryName[] = []
  const counts: Record<PushedHow, number> = { there: 0, mounted: 0, uploaded: 0 }
  let uploaded = 0
  let current = 0
  const total = blobs.reduce((sum, { size }) => sum + size, 0) * repositories.length
  const count = (bytes: number): void => {
    current += bytes
    onProgress?.(current, total)
  }
  for (const own of repositories) {
    const [repository] = own
    const doing = `pushing ${JSON.stringify(familiarReference(repository))}`
    const target: PushTarget = { client, repository, doing, signal }
    await inParallel(blobs, AT_ONCE, signal, async (blob, stop) => {
      const mounts = [...pushed, ...(options.mounts?.(blob.digest) ?? [])].filter(
        (from) => from.domain === repository.domain && from.path !== repository.path,
      )
      const how = await pushBlob(blob, { reader, count, mounts: firstFew(mounts) }, { ...target, signal: stop })
      counts[how]++
      if (how === 'uploaded') uploaded += blob.size
      else count(blob.size)
      options.onBlob?.(blob.digest, repository, how)
    })
    for (const child of children) await pushManifest(child, child.digest, await read(child), target)
    for (const { tag, digest } of own) {
      await pushManifest(descriptor, tag ?? digest ?? 'latest', await read(descriptor), target)
    }
    pushed.push(repository)
  }
  const names = references.map((reference) => familiarReference(withDefaultTag(reference)))
  return { names, digest: descriptor.digest, blobs: counts, uploaded }
}

/** A failed mount costs a request, so only a few repositories are tried. */
function firstFew(mounts: readonly RepositoryName[]): readonly RepositoryName[] {
  return [...new Map(mounts.map((from) => [from.path, from])).values()].slice(0, 2)
}

const isManifest = ({ mediaType }: Descriptor): boolean => isIndexType(mediaType) || isManifestType(mediaType)

/**
 * False for layers that are fetched from their URLs and must not be pushed (image-spec
 * layer.md#non-distributable-layers).
 */
function isDistributed({ mediaType, urls }: Descriptor): boolean {
  return !/\.nondistributable\.|\.foreign\./.test(mediaType) || urls === undefined || urls.length === 0
}

async function checkWhole(descriptor: Descriptor, reader: ContentReader): Promise<void> {
  if (!isIndexType(descriptor.mediaType)) return
  const what = `index ${descriptor.digest}`
  const parsed = parseManifest(await reader.read(descriptor, MANIFEST_LIMIT), what, descriptor.mediaType)
  if (parsed.kind !== 'index') return
  const missing = parsed.index.manifests.filter((entry) => !reader.has(entry.digest))
  if (missing.length === 0) return
  const platforms = missing.map(({ platform, digest }) => (platform ? formatPlatform(platform) : digest))
  throw new TsbuildError('IMAGE_INVALID', `${what} is not all here: ${platforms.join(', ')} is missing`, {
    hint: 'push one of its platforms with --platform',
  })
}

/** Errors with `REFERENCE_INVALID` if a reference has another digest than the pushed manifest. */
export function refuseOtherDigests(descriptor: Descriptor, references: readonly Reference[]): void {
  const other = references.find(({ digest }) => digest !== undefined && digest !== descriptor.digest)?.digest
  if (other === undefined) return
  throw new TsbuildError('REFERENCE_INVALID', `the image is ${descriptor.digest}, and can't be pushed as ${other}`)
}
