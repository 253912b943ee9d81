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
  /** Has the image. What it gives unhashed, the registry verifies; it is read again, verified, if that refuses it. */
  readonly reader: BlobOrigin
  /** Repositories that are known to have a blob. */
  readonly mounts?: ((digest: Digest) => readonly RepositoryName[]) | undefined
  /** Told when a repository has a blob. */
  readonly onBlob?: ((digest: Digest, repository: RepositoryName, how: PushedHow) => void) | undefined
}

/** What a push did. */
export interface PushReport {
  /** As people write them. */
  readonly names: readonly string[]
  /** Of the manifest or index. */
  readonly digest: Digest
  /** Blobs, without manifests: how many were there, mounted, uploaded. */
  readonly blobs: Readonly<Record<PushedHow, number>>
  /** Bytes of the blobs uploaded. */
  readonly uploaded: number
}

const AT_ONCE = 4

/**
 * Pushes an image, or an index with all its images, under each reference: blobs first, four at once, then manifests, what they refer to
 * before them, the named one last; so nobody sees half an image. A reference without a tag gets `latest`; one with a digest alone is
 * pushed by it. Errors with `REFERENCE_INVALID` for another digest, `IMAGE_INVALID` for an index that is not all here, and as requests
 * do.
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

/** Each that fails costs a request, so not too many are tried. */
function firstFew(mounts: readonly RepositoryName[]): readonly RepositoryName[] {
  return [...new Map(mounts.map((from) => [from.path, from])).values()].slice(0, 2)
}

const isManifest = ({ mediaType }: Descriptor): boolean => isIndexType(mediaType) || isManifestType(mediaType)

/** Layers that have to be fetched from elsewhere are not pushed (image-spec layer.md#non-distributable-layers). */
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

/** What is pushed under a name with a digest has to have that. Errors with `REFERENCE_INVALID`. */
export function refuseOtherDigests(descriptor: Descriptor, references: readonly Reference[]): void {
  const other = references.find(({ digest }) => digest !== undefined && digest !== descriptor.digest)?.digest
  if (other === undefined) return
  throw new TsbuildError('REFERENCE_INVALID', `the image is ${descriptor.digest}, and can't be pushed as ${other}`)
}
