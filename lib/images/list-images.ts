import { TsbuildError } from '../base/errors.ts'
import type { StoredReference } from '../cache/references.ts'
import { danglingImages } from '../cache/space/dangling-images.ts'
import type { Store } from '../cache/store.ts'
import { imageBlobs, imageManifests } from '../oci/image-blobs.ts'
import { isConfigType, isIndexType } from '../oci/media-types.ts'
import { parseConfig } from '../oci/parse-config.ts'
import { defaultPlatform, formatPlatform } from '../oci/platform.ts'
import { readImage } from '../oci/read-image.ts'
import { shortName } from '../oci/reference.ts'
import type { Descriptor, Digest } from '../oci/types.ts'

/** A named image in a store. */
export interface StoredImage {
  /** The full name, e.g. `docker.io/library/app:latest`; `<none>` for an image without a name. */
  readonly name: string
  /** The name as people write it, e.g. `app:latest`. */
  readonly shortName: string
  /** The digest of the manifest, or of the index of several platforms. */
  readonly digest: Digest
  /** Absent if the image can't be read. */
  readonly details?: {
    /**
     * The digest of the config, Docker's image ID. Of an index, that of the image for this machine, else of the
     * first.
     */
    readonly imageID: Digest
    readonly platform: string
    /** The platforms of an index whose images are in the store. */
    readonly platforms?: readonly string[]
    readonly created: string | undefined
    /** The sum of the sizes of all blobs, in bytes, as stored. */
    readonly size: number
  }
  /** The reason why the image can't be read. */
  readonly problem?: TsbuildError
}

export interface ListImagesOptions {
  /** List images without a name, too, after the others: those that builds made, and whose name another image took. */
  readonly all?: boolean
}

/**
 * All named images, sorted by name. One that can't be read is listed with its problem.
 *
 * @example
 * ```ts
 * import { build, listImages, openStore } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['app:1'] })
 * const names = (await listImages(openStore())).map(({ shortName }) => shortName)
 * console.log(names.includes('app:1')) // true
 * ```
 */
export async function listImages(store: Store, options: ListImagesOptions = {}): Promise<readonly StoredImage[]> {
  using _kept = store.leases?.begin()
  const images: StoredImage[] = []
  for (const { name, descriptor } of [...store.references.list(), ...(options.all ? unnamed(store) : [])]) {
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

function unnamed({ root }: Store): readonly StoredReference[] {
  const images = root === undefined ? [] : danglingImages(root)
  return images.map((descriptor) => ({ name: '<none>', descriptor }))
}

async function platformsHere(store: Store, index: Descriptor): Promise<readonly string[]> {
  const images = await imageManifests(store, index)
  const configs = images.filter(({ config }) => isConfigType(config.mediaType)).map(({ config }) => config)
  return Promise.all(
    configs.map(async (config) => formatPlatform(parseConfig(await store.read(config), `config ${config.digest}`))),
  )
}
