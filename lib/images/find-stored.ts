import { TsbuildError } from '../base/errors.ts'
import { MANIFEST_LIMIT } from '../base/input-limit.ts'
import { suggest } from '../base/suggest.ts'
import type { Store } from '../cache/store.ts'
import { isDigest } from '../oci/digest.ts'
import type { JsonLocation } from '../oci/guard.ts'
import { imageManifests } from '../oci/image-blobs.ts'
import { parseJson } from '../oci/json.ts'
import { MANIFEST_KIND } from '../oci/manifest.ts'
import { parseDescriptor, parseManifest } from '../oci/parse-manifest.ts'
import { defaultPlatform } from '../oci/platform.ts'
import { readImage } from '../oci/read-image.ts'
import { shortName, tryNormaliseName } from '../oci/reference.ts'
import type { Descriptor, Digest, Image } from '../oci/types.ts'

/** An image of the store that was found by name or digest. */
export interface ResolvedStored {
  /** The full name; undefined for a manifest without a name, found by its digest. */
  readonly name: string | undefined
  /** The descriptor of the manifest, or of an index. */
  readonly descriptor: Descriptor
  /** The image; of an index, the one for this machine, else the first. */
  readonly image: Image
}

/** A name or a manifest that the caller asked for. */
export interface FoundImage {
  readonly name: string | undefined
  readonly descriptor: Descriptor
  /** True if the caller asked for this name, not for a digest. */
  readonly byName: boolean
}

/**
 * Finds an image by name, digest or image ID, or by the first four or more digits of one. Errors with
 * `IMAGE_NOT_FOUND`, whose hint suggests a similar name, or lists the digests that fit.
 */
export async function findStored(store: Store, asked: string): Promise<FoundImage> {
  const byName = findByName(store, asked)
  if (byName) return byName
  const digits = /^(?:sha256:)?([0-9a-f]{4,64})$/.exec(asked)?.[1]
  const found = digits === undefined ? undefined : await findByDigits(store, asked, digits)
  if (found) return found
  const names = store.references.list().map(({ name }) => shortName(name))
  const near = suggest(asked, [...names, ...names.map((name) => name.replace(/:latest$/, ''))])
  throw new TsbuildError('IMAGE_NOT_FOUND', `image ${JSON.stringify(asked)} is not in the local store`, {
    hint: near ? `did you mean ${JSON.stringify(near)}?` : '"tsbuild images" lists the images of the store',
  })
}

/**
 * The same with the image itself. Errors as `findStored` and readImage() do.
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

function findByName(store: Store, asked: string): FoundImage | undefined {
  const name = tryNormaliseName(asked)
  const descriptor = name === undefined ? undefined : store.references.find(name)
  return descriptor && { name, descriptor, byName: true }
}

async function findByDigits(store: Store, asked: string, digits: string): Promise<FoundImage | undefined> {
  const found = new Map<Digest, FoundImage>()
  for (const { name, descriptor } of store.references.list()) {
    if (found.has(descriptor.digest)) continue
    const digests = [descriptor.digest, ...(await imageIDs(store, descriptor))]
    if (digests.some((digest) => digest.slice(7).startsWith(digits))) {
      found.set(descriptor.digest, { name, descriptor, byName: false })
    }
  }
  if (found.size > 1) {
    throw new TsbuildError('IMAGE_NOT_FOUND', `${JSON.stringify(asked)} is the start of ${found.size} digests`, {
      hint: `write more digits: ${[...found.keys()].join(', ')}`,
    })
  }
  const [only] = found.values()
  return only ?? findUnnamed(store, `sha256:${digits}`)
}

/** The image IDs of an image or of all images of an index. An image that can't be read has none. */
async function imageIDs(store: Store, descriptor: Descriptor): Promise<readonly Digest[]> {
  try {
    return (await imageManifests(store, descriptor)).map((manifest) => manifest.config.digest)
  } catch (error) {
    if (error instanceof TsbuildError) return []
    throw error
  }
}

/** An unnamed manifest of the store, by its digest or by that of its config. */
async function findUnnamed(store: Store, digest: string): Promise<FoundImage | undefined> {
  if (!isDigest(digest)) return undefined
  const descriptor = (await manifestAt(store, digest)) ?? (await manifestOf(store, digest))
  return descriptor && { name: undefined, descriptor, byName: false }
}

async function manifestOf(store: Store, imageID: Digest): Promise<Descriptor | undefined> {
  const noted = store.readDerived(MANIFEST_KIND, imageID)
  const location: JsonLocation = { code: 'MANIFEST_INVALID', what: `note about ${imageID}`, path: '' }
  const descriptor = await ifManifest(
    () => noted && parseDescriptor(parseJson(noted, location.code, location.what), location),
  )
  return descriptor && store.holds(descriptor) ? descriptor : undefined
}

async function manifestAt(store: Store, digest: Digest): Promise<Descriptor | undefined> {
  if (!store.has(digest)) return undefined
  const size = store.size(digest)
  return ifManifest(async () => {
    const parsed = parseManifest(await store.read({ digest, size }, MANIFEST_LIMIT), `blob ${digest}`)
    const { mediaType } = parsed.kind === 'index' ? parsed.index : parsed.manifest
    return { mediaType, digest, size }
  })
}

/** Undefined if the blob turns out to be something else, such as a layer or a config. */
async function ifManifest<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof TsbuildError && error.code === 'MANIFEST_INVALID') return undefined
    throw error
  }
}
