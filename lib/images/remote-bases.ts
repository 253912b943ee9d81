// Resolves base images in registries. Their digests are remembered, and no more is fetched than a build needs.

import { TsbuildError } from '../base/errors.ts'
import type { Store } from '../cache/store.ts'
import type { ContentReader } from '../oci/content.ts'
import { sha256 } from '../oci/digest.ts'
import type { JsonLocation } from '../oci/guard.ts'
import { jsonBytes, parseJson } from '../oci/json.ts'
import { descriptorJson } from '../oci/manifest.ts'
import { parseDescriptor } from '../oci/parse-manifest.ts'
import { readImage } from '../oci/read-image.ts'
import { parseReference } from '../oci/reference.ts'
import type { Descriptor, Digest, Image, Platform } from '../oci/types.ts'
import type { LazyClient } from '../registry/lazy-client.ts'
import type { BlobOrigin } from '../registry/pull/pull-blobs.ts'
import type { Repository } from '../registry/pull/repository.ts'
import { nameImage } from './name-image.ts'

/**
 * Decides which base images are resolved by their registry. `missing`: names that are neither in the store nor known
 * from an earlier build; `always`: every name; `never`: none.
 */
export type PullPolicy = 'missing' | 'always' | 'never'

export interface RemoteBases {
  readonly policy: PullPolicy
  /**
   * The image of a full name for a platform. Its manifest and config are in the store afterwards. Undefined for an
   * unknown name if registries may not be asked. Errors as resolve() of the repository and readImage() do.
   */
  find(name: string, platform: Platform): Promise<Image | undefined>
  /** The sources of the layers of the images found, by digest. The store may have the layers or not. */
  readonly blobs: ReadonlyMap<Digest, BlobOrigin>
}

export interface RemoteBasesOptions {
  readonly client: LazyClient
  readonly policy: PullPolicy
  readonly signal?: AbortSignal | undefined
}

/**
 * Loads no registry code and sends no request before {@link RemoteBases.find} is called. Each name is requested once
 * in a build.
 */
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
      await moveName(store, name, { descriptor, image, repository, signal })
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

/** Records the image that a full name leads to now, for builds that send no request. */
export function rememberName(store: Store, name: string, descriptor: Descriptor): void {
  store.writeDerived(KIND, sha256(name), jsonBytes(descriptorJson(descriptor)))
}

/** The image that a name led to at its last request. */
function recall(store: Store, name: string): Descriptor | undefined {
  const bytes = store.readDerived(KIND, sha256(name))
  const location: JsonLocation = { code: 'STORE_IO', what: `note about ${name}`, path: '' }
  try {
    return bytes && parseDescriptor(parseJson(bytes, location.code, location.what), location)
  } catch (error) {
    // A damaged record counts as absent.
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}

/** The image that a name leads to now. */
interface ResolvedName {
  readonly descriptor: Descriptor
  readonly image: Image
  readonly repository: Repository
  readonly signal: AbortSignal | undefined
}

/** Moves the name of a pulled image to the new image, after fetching all its layers: a named image is complete. */
async function moveName(
  store: Store,
  name: string,
  { descriptor, image, repository, signal }: ResolvedName,
): Promise<void> {
  const previous = store.references.find(name)
  if (!previous || previous.digest === descriptor.digest) return
  const { pullBlobs } = await import('../registry/pull/pull-blobs.ts')
  await pullBlobs(store, repository, image.manifest.layers, { signal })
  await nameImage(store, descriptor, [name])
}

/** A reader of manifests and configs that keeps each one that it fetches in the store. */
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
