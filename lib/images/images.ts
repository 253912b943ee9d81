// What can be done with the images in a local store.
import type { Writable } from 'node:stream'
import { TsbuildError } from '../base/errors.ts'
import type { Store } from '../cache/store.ts'
import type { ArchivedImage } from '../export/archived-image.ts'
import { exportArchive } from '../export/export-archive.ts'
import { imageBlobs, imageManifests } from '../oci/image-blobs.ts'
import { isConfigType, isIndexType } from '../oci/media-types.ts'
import { parseConfig } from '../oci/parse-config.ts'
import { defaultPlatform, formatPlatform } from '../oci/platform.ts'
import { readImage } from '../oci/read-image.ts'
import { formatReference, parseReference, shortName, withDefaultTag } from '../oci/reference.ts'
import type { Descriptor, DiffID, Digest, Image } from '../oci/types.ts'
import { findStored } from './find-stored.ts'

export { type LoadedImage, loadImages } from './load-images.ts'

/** A named image in a store. */
export interface StoredImage {
  /** Full, e.g. `docker.io/library/app:latest`. */
  readonly name: string
  /** As people write it, e.g. `app:latest`. */
  readonly shortName: string
  /** Of the manifest, or of the index of several platforms. */
  readonly digest: Digest
  /** What follows is absent if the image can't be read. */
  readonly details?: {
    /** Digest of the config: Docker's image ID. For an index, of the image for this machine or else the first. */
    readonly imageID: Digest
    readonly platform: string
    /** Of an index: the platforms whose images are here. */
    readonly platforms?: readonly string[]
    readonly created: string | undefined
    /** Bytes of all blobs, as stored. */
    readonly size: number
  }
  /** Why it can't be read. */
  readonly problem?: TsbuildError
}

/** An image that was found by name or digest. */
export interface ResolvedStored {
  /** Full name; undefined when it was found by the digest of a manifest that has no name. */
  readonly name: string | undefined
  /** Of the manifest, or of an index. */
  readonly descriptor: Descriptor
  /** For an index: the image for this machine, or else the first. */
  readonly image: Image
}

/** A step in an image's history. */
export interface HistoryEntry {
  readonly created: string | undefined
  readonly createdBy: string
  readonly comment: string | undefined
  /** The layer that it made; undefined for steps that changed only the config. */
  readonly layer: { readonly digest: Digest; readonly diffID: DiffID; readonly size: number } | undefined
}

export interface SaveOptions {
  /** A path, or `-` for standard output. */
  readonly dest: string
  readonly format: 'docker' | 'oci'
  readonly signal?: AbortSignal
  /** Where `-` goes; default the process's standard output. */
  readonly stdout?: Writable
}

/**
 * All named images, sorted by name. One that can't be read is listed with its problem.
 *
 * @example
 * ```ts
 * import { build, listImages, openStore } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['app:1'] })
 * for (const { shortName } of await listImages(openStore())) if (shortName.startsWith('app')) console.log(shortName) // app:1
 * ```
 */
export async function listImages(store: Store): Promise<readonly StoredImage[]> {
  const images: StoredImage[] = []
  for (const { name, descriptor } of store.references.list()) {
    const base = { name, shortName: shortName(name), digest: descriptor.digest }
    try {
      const image = await readImage(store, descriptor, defaultPlatform(), { otherwise: 'first' })
      const blobs = await imageBlobs(store, descriptor)
      const details = {
        imageID: image.manifest.config.digest,
        platform: formatPlatform(image.config),
        ...(isIndexType(descriptor.mediaType) && { platforms: await platformsHere(store, descriptor) }),
        created: image.config.created,
        size: blobs.reduce((sum, blob) => sum + blob.size, 0),
      }
      images.push({ ...base, details })
    } catch (error) {
      if (!(error instanceof TsbuildError)) throw error
      images.push({ ...base, problem: error })
    }
  }
  return images
}

async function platformsHere(store: Store, index: Descriptor): Promise<readonly string[]> {
  const images = await imageManifests(store, index)
  const configs = images.filter(({ config }) => isConfigType(config.mediaType)).map(({ config }) => config)
  return Promise.all(
    configs.map(async (config) => formatPlatform(parseConfig(await store.read(config), `config ${config.digest}`))),
  )
}

/**
 * Finds an image by its name, by its digest or image ID, or by the first digits of one. Errors with `IMAGE_NOT_FOUND`, with a
 * suggestion where there is one or where several fit; and as readImage() does.
 *
 * @example
 * ```ts
 * import { build, openStore, resolveStored } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['app:1'] })
 * const { name, image } = await resolveStored(openStore(), 'app:1')
 * console.log(name, image.layers.length) // docker.io/library/app:1 1
 * ```
 */
export async function resolveStored(store: Store, nameOrDigest: string): Promise<ResolvedStored> {
  const { name, descriptor } = await findStored(store, nameOrDigest)
  return { name, descriptor, image: await readImage(store, descriptor, defaultPlatform(), { otherwise: 'first' }) }
}

/**
 * Gives an image another name, and returns that in full. Errors as {@link resolveStored} does, and with `REFERENCE_INVALID`.
 *
 * @example
 * ```ts
 * import { build, openStore, tagImage } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['app:1'] })
 * console.log(await tagImage(openStore(), 'app:1', 'app:stable')) // docker.io/library/app:stable
 * ```
 */
export async function tagImage(store: Store, source: string, target: string): Promise<string> {
  const reference = withDefaultTag(parseReference(target))
  if (reference.digest) {
    throw new TsbuildError('REFERENCE_INVALID', `${JSON.stringify(target)} has a digest, which can not be chosen`, {
      hint: 'leave out what follows "@"',
    })
  }
  const { descriptor } = await findStored(store, source)
  const name = formatReference(reference)
  store.references.set(name, descriptor)
  return name
}

/**
 * Takes a name away, or with a digest all names of that image. Returns the full names. The blobs stay until the store is
 * cleaned. Errors as {@link resolveStored} does.
 *
 * @example
 * ```ts
 * import { build, openStore, removeImage } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['old:1'] })
 * console.log(await removeImage(openStore(), 'old:1')) // docker.io/library/old:1
 * ```
 */
export async function removeImage(store: Store, nameOrDigest: string): Promise<readonly string[]> {
  const found = await findStored(store, nameOrDigest)
  const names = found.byName
    ? [found.name]
    : store.references
        .list()
        .filter(({ descriptor }) => descriptor.digest === found.descriptor.digest)
        .map((reference) => reference.name)
  const removed = names.filter((name) => name !== undefined && store.references.remove(name))
  return removed.filter((name) => name !== undefined)
}

/**
 * Writes images into one archive with the names that they were asked for by, and returns its size in bytes. Errors as
 * {@link resolveStored} does, and with `OUTPUT_IO`.
 *
 * @example
 * ```ts
 * import { build, openStore, saveImages } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['app:1'] })
 * const bytes = await saveImages(openStore(), ['app:1'], { dest: 'app.tar', format: 'docker' })
 * console.log(bytes > 0) // true
 * ```
 */
export async function saveImages(store: Store, names: readonly string[], options: SaveOptions): Promise<number> {
  const { dest, format, signal, stdout } = options
  const images = new Map<Digest, ArchivedImage & { readonly names: string[] }>()
  for (const asked of names) {
    const { name, descriptor, byName } = await findStored(store, asked)
    const known = images.get(descriptor.digest) ?? {
      descriptor,
      names: [],
      blobs: await imageBlobs(store, descriptor),
      image: await readImage(store, descriptor, defaultPlatform(), { otherwise: 'first' }),
    }
    images.set(descriptor.digest, known)
    if (byName && name !== undefined && !known.names.includes(name)) known.names.push(name)
  }
  return exportArchive([...images.values()], dest, format, { store, signal, stdout })
}

/**
 * How an image was made, newest step first. A history that doesn't fit the layers is shown as far as it goes.
 *
 * @example
 * ```ts
 * import { build, historyOf } from '@tsbuild/tsbuild'
 *
 * const { image } = await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['app:1'] })
 * console.log(historyOf(image)[0]?.createdBy) // COPY Dockerfile / # buildkit
 * ```
 */
export function historyOf(image: Image): readonly HistoryEntry[] {
  const layers = image.layers.map(({ descriptor, diffID }) => ({
    digest: descriptor.digest,
    diffID,
    size: descriptor.size,
  }))
  const entries = (image.config.history ?? []).map(
    (entry): HistoryEntry => ({
      created: entry.created,
      createdBy: entry.created_by ?? '',
      comment: entry.comment,
      layer: entry.empty_layer ? undefined : layers.shift(),
    }),
  )
  const untold = layers.map((layer): HistoryEntry => ({ created: undefined, createdBy: '', comment: undefined, layer }))
  return [...entries, ...untold].reverse()
}
