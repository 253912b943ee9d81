// Bringing an index to where it should be, with the images that are not there yet.

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

/** What had to be copied. */
export interface IndexCopy {
  /** Blobs, without manifests: how many were there, mounted, uploaded. */
  readonly blobs: Readonly<Record<PushedHow, number>>
  /** Bytes of the blobs uploaded. */
  readonly uploaded: number
}

interface Pushed {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  /** What has to be where the index is. */
  readonly manifests: readonly Descriptor[]
}

interface Options extends TransferOptions {
  readonly client: RegistryClient
}

/** What goes with an image to another repository, as with docker buildx: attestations and signatures. */
const COMPANIONS: ReadonlySet<string | undefined> = new Set([
  'application/vnd.docker.attestation.manifest.v1+json',
  'application/vnd.dev.cosign.artifact.sig.v1+json',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
])

/** Signatures of attestations of images, and no further. */
const MAX_DEPTH = 3

/**
 * Pushes an index, or a single manifest, under each name: first the images that a repository lacks, from the sources that have them, then
 * the index. What is in a repository already costs nothing if a source is there, else one request. Attestations and signatures that refer
 * to a copied image go with it. Errors as requests and readers do.
 */
export async function pushIndex(
  pushed: Pushed,
  sources: readonly IndexSource[],
  targets: readonly Reference[],
  options: Options,
): Promise<IndexCopy> {
  const { client, signal } = options
  refuseOtherDigests(pushed.descriptor, targets)
  const places = placesOf(sources)
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
    for (const entry of pushed.manifests) await copyManifest(entry, places.get(entry.digest) ?? [], copy, 0)
    const itself = places.get(pushed.descriptor.digest) ?? []
    await copyCompanions(pushed.descriptor.digest, itself, copy, 0)
    for (const { tag, digest } of own) {
      await pushManifest(pushed.descriptor, tag ?? digest ?? 'latest', pushed.bytes, target)
    }
    done.push(repository)
  }
  return { blobs: tally.blobs, uploaded: tally.uploaded }
}

/** By digest: where each manifest is. */
function placesOf(sources: readonly IndexSource[]): ReadonlyMap<Digest, readonly ImageLocation[]> {
  const places = new Map<Digest, ImageLocation[]>()
  for (const { location, descriptor, parsed } of sources) {
    const entries = parsed.kind === 'index' ? parsed.index.manifests : []
    for (const { digest } of [descriptor, ...entries]) places.set(digest, [...(places.get(digest) ?? []), location])
  }
  return places
}

interface CopyTo {
  readonly target: PushTarget
  /** Repositories that have all of it by now. */
  readonly mounts: readonly RepositoryName[]
  readonly tally: Tally
  readonly visited: Set<Digest>
}

async function copyManifest(
  entry: Descriptor,
  places: readonly ImageLocation[],
  copy: CopyTo,
  depth: number,
): Promise<void> {
  const { target, visited } = copy
  const place = nearest(places, target.repository)
  if (!place || visited.has(entry.digest)) return
  visited.add(entry.digest)
  if (!(await hasManifest(entry.digest, target))) await transfer(entry, place, copy)
  await copyCompanions(entry.digest, places, copy, depth)
}

/** The best of the places that have a manifest; undefined where the target is one of them, or there are none. */
function nearest(places: readonly ImageLocation[], { domain, path }: RepositoryName): ImageLocation | undefined {
  const isHere = places.some(({ reference }) => reference?.domain === domain && reference.path === path)
  return isHere ? undefined : (places.find(({ reference }) => reference?.domain === domain) ?? places.at(-1))
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

async function copyCompanions(
  digest: Digest,
  places: readonly ImageLocation[],
  copy: CopyTo,
  depth: number,
): Promise<void> {
  const { client, repository, doing, signal } = copy.target
  const place = nearest(places, repository)
  if (!place?.reference || depth === MAX_DEPTH) return
  const referrers = await fetchReferrers(digest, { client, repository: place.reference, doing, signal })
  for (const referrer of referrers) {
    if (COMPANIONS.has(referrer.artifactType)) await copyManifest(referrer, [place], copy, depth + 1)
  }
}

interface Tally extends IndexCopy {
  readonly onProgress: (current: number, total: number) => void
  /** Ends one transfer. */
  add(report: IndexCopy): void
}

/** Adds up transfers that follow each other. */
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
