// Pushes an index together with the images that its repository does not have yet.
import { familiarReference, type Reference } from '../oci/reference.ts'
import type { Descriptor, Digest } from '../oci/types.ts'
import type { RegistryClient } from '../registry/client.ts'
import type { RepositoryName } from '../registry/hosts.ts'
import { fetchReferrers } from '../registry/pull/fetch-referrers.ts'
import type { TransferOptions } from '../registry/pull/pull-blobs.ts'
import { byRepository } from '../registry/push/by-repository.ts'
import type { PushedHow } from '../registry/push/push-blob.ts'
import { pushImage, refuseOtherDigests } from '../registry/push/push-image.ts'
import { pushManifest } from '../registry/push/push-manifest.ts'
import type { PushTarget } from '../registry/push/push-target.ts'
import { hasManifest } from '../registry/push/put-manifest.ts'
import type { ImageLocation } from './image-location.ts'
import type { IndexSource } from './index-source.ts'

/** Statistics of one push. */
export interface IndexCopy {
  /** The numbers of blobs that were there, mounted and uploaded, manifests not counted. */
  readonly blobs: Readonly<Record<PushedHow, number>>
  /** The bytes of the uploaded blobs. */
  readonly uploaded: number
}

interface Pushed {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  /** The manifests that the index lists: they have to be in its repository. */
  readonly manifests: readonly Descriptor[]
}

interface Options extends TransferOptions {
  readonly client: RegistryClient
}

/** The referrers that are copied with an image, as docker buildx does: attestations and signatures. */
const COPIED_REFERRERS: ReadonlySet<string | undefined> = new Set([
  'application/vnd.docker.attestation.manifest.v1+json',
  'application/vnd.dev.cosign.artifact.sig.v1+json',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
])

/** The longest chain of referrers: the signature of an attestation of an image. */
const MAX_DEPTH = 3

/**
 * Pushes an index, or a single manifest, under each name: first the images that a repository lacks, from the
 * sources that have them, then the index. An image that the repository has already costs nothing if the repository
 * is one of the sources, else one request. Attestations and signatures that refer to a copied image are copied,
 * too. Errors as requests and readers do.
 */
export async function pushIndex(
  pushed: Pushed,
  sources: readonly IndexSource[],
  targets: readonly Reference[],
  options: Options,
): Promise<IndexCopy> {
  const { client, signal } = options
  refuseOtherDigests(pushed.descriptor, targets)
  const locations = locationsByDigest(sources)
  const tally = openTally(options)
  const done: RepositoryName[] = []
  for (const own of byRepository(targets)) {
    const [repository] = own
    const target: PushTarget = {
      client,
      repository,
      doing: `pushing ${JSON.stringify(familiarReference(repository))}`,
      signal,
    }
    const copy: CopyTo = { target, mounts: done, tally, visited: new Set() }
    for (const entry of pushed.manifests) await copyManifest(entry, locations.get(entry.digest) ?? [], copy, 0)
    const itself = locations.get(pushed.descriptor.digest) ?? []
    await copyReferrers(pushed.descriptor.digest, itself, copy, 0)
    for (const { tag, digest } of own) {
      await pushManifest(pushed.descriptor, tag ?? digest ?? 'latest', pushed.bytes, target)
    }
    done.push(repository)
  }
  return { blobs: tally.blobs, uploaded: tally.uploaded }
}

/** The locations that have a manifest, by the manifest's digest. */
function locationsByDigest(sources: readonly IndexSource[]): ReadonlyMap<Digest, readonly ImageLocation[]> {
  const locations = new Map<Digest, ImageLocation[]>()
  for (const { location, descriptor, parsed } of sources) {
    const entries = parsed.kind === 'index' ? parsed.index.manifests : []
    for (const { digest } of [descriptor, ...entries])
      locations.set(digest, [...(locations.get(digest) ?? []), location])
  }
  return locations
}

interface CopyTo {
  readonly target: PushTarget
  /** The repositories that this push has completed: their blobs can be mounted. */
  readonly mounts: readonly RepositoryName[]
  readonly tally: Tally
  readonly visited: Set<Digest>
}

async function copyManifest(
  entry: Descriptor,
  locations: readonly ImageLocation[],
  copy: CopyTo,
  depth: number,
): Promise<void> {
  const { target, visited } = copy
  const source = nearest(locations, target.repository)
  if (!source || visited.has(entry.digest)) return
  visited.add(entry.digest)
  if (!(await hasManifest(entry.digest, target))) await transfer(entry, source, copy)
  await copyReferrers(entry.digest, locations, copy, depth)
}

/** The best location to copy from; undefined if the target has the manifest already, or no location has it. */
function nearest(locations: readonly ImageLocation[], { domain, path }: RepositoryName): ImageLocation | undefined {
  const isHere = locations.some(({ reference }) => reference?.domain === domain && reference.path === path)
  return isHere ? undefined : (locations.find(({ reference }) => reference?.domain === domain) ?? locations.at(-1))
}

async function transfer(entry: Descriptor, { reader, reference }: ImageLocation, copy: CopyTo): Promise<void> {
  const { client, repository, signal } = copy.target
  const { domain, path } = repository
  const report = await pushImage(entry, [{ domain, path, digest: entry.digest }], {
    client,
    reader,
    signal,
    onProgress: copy.tally.onProgress,
    mounts: () => [...(reference ? [reference] : []), ...copy.mounts],
  })
  copy.tally.add(report)
}

async function copyReferrers(
  digest: Digest,
  locations: readonly ImageLocation[],
  copy: CopyTo,
  depth: number,
): Promise<void> {
  const { client, repository, doing, signal } = copy.target
  const source = nearest(locations, repository)
  if (!source?.reference || depth === MAX_DEPTH) return
  const referrers = await fetchReferrers(digest, { client, repository: source.reference, doing, signal })
  for (const referrer of referrers) {
    if (COPIED_REFERRERS.has(referrer.artifactType)) await copyManifest(referrer, [source], copy, depth + 1)
  }
}

interface Tally extends IndexCopy {
  readonly onProgress: (current: number, total: number) => void
  /** Ends one transfer and adds its numbers. */
  add(report: IndexCopy): void
}

/** The sum of transfers that follow each other. */
function openTally({ onProgress }: TransferOptions): Tally {
  const blobs = { there: 0, mounted: 0, uploaded: 0 }
  let uploaded = 0
  let before = 0
  let latest = 0
  return {
    blobs,
    get uploaded() {
      return uploaded
    },
    onProgress: (current, total) => {
      latest = total
      onProgress?.(before + current, before + total)
    },
    add: (report) => {
      blobs.there += report.blobs.there
      blobs.mounted += report.blobs.mounted
      blobs.uploaded += report.blobs.uploaded
      uploaded += report.uploaded
      before += latest
      latest = 0
    },
  }
}
