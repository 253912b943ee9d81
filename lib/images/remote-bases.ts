// Base images in registries: found by name, remembered by digest, and fetched no further than a build needs.

import { TsbuildError } from '../base/errors.ts'
import type { Store } from '../cache/store.ts'
import type { ContentReader } from '../oci/content.ts'
import { sha256 } from '../oci/digest.ts'
import type { Place } from '../oci/guard.ts'
import { jsonBytes, parseJson } from '../oci/json.ts'
import { descriptorJson } from '../oci/manifest.ts'
import { parseDescriptor } from '../oci/parse-manifest.ts'
import { readImage } from '../oci/read-image.ts'
import { parseReference } from '../oci/reference.ts'
import type { Descriptor, Digest, Image, Platform } from '../oci/types.ts'
import type { LazyClient } from '../registry/lazy-client.ts'
import type { BlobOrigin } from '../registry/pull/pull-blobs.ts'
import type { Repository } from '../registry/pull/repository.ts'

/**
 * When registries are asked for base images. `missing`: for names that are neither in the store nor known from an earlier build;
 * `always`: for each name; `never`: not at all.
 */
export type PullPolicy = 'missing' | 'always' | 'never'

export interface RemoteBases {
  readonly policy: PullPolicy
  /**
   * The image of a full name for a platform; its manifest and config are in the store then. Undefined for one that isn't known where
   * nothing may be asked. Errors as resolve() of the repository does, and as readImage().
   */
  find(name: string, platform: Platform): Promise<Image | undefined>
  /** Where the layers of the images found are, by digest: the store may have them or not. */
  readonly blobs: ReadonlyMap<Digest, BlobOrigin>
}

export interface RemoteBasesOptions {
  readonly client: LazyClient
  readonly policy: PullPolicy
  readonly signal?: AbortSignal | undefined
}

/** Nothing is asked, and nothing of registries loaded, before {@link RemoteBases.find} is called. Within one build each name is asked for once. */
export function openRemoteBases(store: Store, { client, policy, signal }: RemoteBasesOptions): RemoteBases {
  const blobs = new Map<Digest, BlobOrigin>()
  const resolved = new Map<string, Promise<Descriptor>>()
  const resolve = (name: string, repository: Repository): Promise<Descriptor> => {
    const asked = resolved.get(name) ?? repository.resolve()
    resolved.set(name, asked)
    return asked
  }
  const read = async (descriptor: Descriptor, repository: Repository, platform: Platform): Promise<Image> => {
    const reader = policy === 'never' ? store : throughStore(store, repository)
    const image = await readImage(reader, descriptor, platform)
    const { rememberOrigin } = await import('../registry/pull/origins.ts')
    for (const { digest } of image.manifest.layers) {
      blobs.set(digest, repository)
      rememberOrigin(store, digest, repository.reference)
    }
    return image
  }
  return {
    policy,
    blobs,
    find: async (name, platform) => {
      const reference = parseReference(name)
      const known = policy === 'always' ? undefined : recall(store, name)
      if (policy === 'never' && !known) return undefined
      const { openMirrored } = await import('../registry/pull/mirrored-repository.ts')
      const repository = openMirrored(await client.open(), reference, signal)
      if (known && policy === 'never') return ifHere(() => read(known, repository, platform))
      if (known) return read(known, repository, platform)
      const descriptor = await resolve(name, repository)
      const image = await read(descriptor, repository, platform)
      await moveName(store, name, descriptor, image, repository, signal)
      rememberName(store, name, descriptor)
      return image
    },
  }
}

async function ifHere(action: () => Promise<Image>): Promise<Image | undefined> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof TsbuildError && error.code === 'BLOB_NOT_FOUND') return undefined
    throw error
  }
}

const KIND = 'resolved'

/** Notes what a full name means now, for builds that don't ask. */
export function rememberName(store: Store, name: string, descriptor: Descriptor): void {
  store.writeDerived(KIND, sha256(name), jsonBytes(descriptorJson(descriptor)))
}

/** What a name meant when it was last asked for. */
function recall(store: Store, name: string): Descriptor | undefined {
  const bytes = store.readDerived(KIND, sha256(name))
  const place: Place = { code: 'STORE_IO', what: `note about ${name}`, path: '' }
  try {
    return bytes && parseDescriptor(parseJson(bytes, place.code, place.what), place)
  } catch (error) {
    // A damaged note is none.
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}

/** An image that was pulled by its name, and turns out to be another one now, is replaced: whole, since others rely on that. */
async function moveName(
  store: Store,
  name: string,
  descriptor: Descriptor,
  image: Image,
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<void> {
  const former = store.references.find(name)
  if (!former || former.digest === descriptor.digest) return
  const { pullBlobs } = await import('../registry/pull/pull-blobs.ts')
  await pullBlobs(store, repository, image.manifest.layers, { signal })
  store.references.set(name, descriptor)
}

/** Reads manifests and configs from the store, and those that aren't there from elsewhere, once. */
export function throughStore(store: Store, from: ContentReader): ContentReader {
  return {
    has: (digest) => store.has(digest) || from.has(digest),
    open: (descriptor, signal) => (store.holds(descriptor) ? store : from).open(descriptor, signal),
    read: async (descriptor, limit) => {
      if (store.holds(descriptor)) return store.read(descriptor, limit)
      const bytes = await from.read(descriptor, limit)
      store.put(bytes, 'application/octet-stream')
      return bytes
    },
  }
}
