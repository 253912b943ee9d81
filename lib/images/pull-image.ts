// Pulls images into a store.
import type { Store } from '../cache/store.ts'
import { defaultPlatform, parsePlatform } from '../oci/platform.ts'
import { readImage } from '../oci/read-image.ts'
import { formatReference, parseReference, withDefaultTag } from '../oci/reference.ts'
import type { Descriptor, Image } from '../oci/types.ts'
import { openRegistryClient, type RegistryOptions } from '../registry/client.ts'
import { openMirrored } from '../registry/pull/mirrored-repository.ts'
import { rememberOrigin } from '../registry/pull/origins.ts'
import { pullBlobs, type TransferOptions } from '../registry/pull/pull-blobs.ts'
import { nameImage } from './name-image.ts'
import { rememberName, throughStore } from './remote-bases.ts'

export interface PullImageOptions extends TransferOptions, RegistryOptions {
  /** `os/arch[/variant]`; default linux on this machine's architecture. */
  readonly platform?: string | undefined
}

/** The result of a pull. */
export interface PulledImage {
  /** The full name that the image has in the store now. */
  readonly name: string
  /** The descriptor of the manifest, or of the index that the name leads to. */
  readonly descriptor: Descriptor
  /** The image for the platform. */
  readonly image: Image
  /** The bytes of the layers that were downloaded. */
  readonly fetched: number
  /** True if the name is new, or led to another image before. */
  readonly changed: boolean
}

/**
 * Pulls an image into a store under its name; of an index, the image of one platform. Blobs of the store are not
 * fetched again. The name is set after the last blob. Errors with `IMAGE_NOT_FOUND`, `REGISTRY_AUTH`,
 * `PLATFORM_NOT_FOUND`, `DIGEST_MISMATCH`, and as requests and readImage() do.
 *
 * @example
 * ```ts
 * import { build, openStore, pullImage, pushImage, removeImage } from '@tsbuild/tsbuild'
 *
 * const store = openStore()
 * const context = new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']])
 * await build({ context, tags: ['localhost:5000/app:2'] })
 * await pushImage(store, 'localhost:5000/app:2')
 * await removeImage(store, 'localhost:5000/app:2')
 * const { name, image } = await pullImage(store, 'localhost:5000/app:2')
 * console.log(name, image.layers.length) // localhost:5000/app:2 1
 * ```
 */
export async function pullImage(store: Store, asked: string, options: PullImageOptions = {}): Promise<PulledImage> {
  using _kept = store.leases?.begin()
  const { platform, signal, onProgress, ...registry } = options
  const reference = withDefaultTag(parseReference(asked))
  const name = formatReference(reference)
  const client = openRegistryClient(registry)
  try {
    const repository = openMirrored(client, reference, signal)
    const descriptor = await repository.resolve()
    const wanted = platform === undefined ? defaultPlatform() : parsePlatform(platform)
    const image = await readImage(throughStore(store, repository), descriptor, wanted)
    const fetched = await pullBlobs(store, repository, image.manifest.layers, { signal, onProgress })
    for (const { digest } of image.manifest.layers) rememberOrigin(store, digest, reference)
    const changed = store.references.find(name)?.digest !== descriptor.digest
    await nameImage(store, descriptor, [name])
    rememberName(store, name, descriptor)
    return { name, descriptor, image, fetched, changed }
  } finally {
    await client.close()
  }
}
