// Pushes images of a store.
import type { Store } from '../cache/store.ts'
import { parsePlatform } from '../oci/platform.ts'
import { readImage } from '../oci/read-image.ts'
import { parseReference } from '../oci/reference.ts'
import type { Descriptor } from '../oci/types.ts'
import { openRegistryClient, type RegistryClient, type RegistryOptions } from '../registry/client.ts'
import { originsOf, rememberOrigin } from '../registry/pull/origins.ts'
import type { TransferOptions } from '../registry/pull/pull-blobs.ts'
import { type PushReport, pushImage as push } from '../registry/push/push-image.ts'
import { findStored } from './find-stored.ts'

export interface PushImageOptions extends TransferOptions, RegistryOptions {
  /** The names to push the image as; by default its name in the store. */
  readonly names?: readonly string[]
  /** Push only the image of this platform from an index. */
  readonly platform?: string | undefined
}

/**
 * Pushes an image of the store. Blobs that the repository has are not sent again, and blobs that another repository
 * of the registry has are mounted. Errors with `IMAGE_NOT_FOUND`, with `REGISTRY_AUTH`, with `IMAGE_INVALID` for an
 * index that is only partly in the store, and as requests do.
 *
 * @example
 * ```ts
 * import { build, openStore, pushImage } from '@tsbuild/tsbuild'
 *
 * const context = new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']])
 * await build({ context, tags: ['localhost:5000/app:1'] })
 * const report = await pushImage(openStore(), 'localhost:5000/app:1')
 * console.log(report.names[0]) // localhost:5000/app:1
 * ```
 */
export async function pushImage(store: Store, asked: string, options: PushImageOptions = {}): Promise<PushReport> {
  using _kept = store.leases?.begin()
  const { names = [asked], platform, ...rest } = options
  const references = names.map(parseReference)
  const found = await findStored(store, asked)
  const descriptor =
    platform === undefined
      ? found.descriptor
      : (await readImage(store, found.descriptor, parsePlatform(platform))).descriptor
  const client = openRegistryClient(rest)
  try {
    return await pushStored(store, descriptor, references, { ...rest, client })
  } finally {
    await client.close()
  }
}

/** The same for an image with a known descriptor, by a client that stays open. */
export function pushStored(
  store: Store,
  descriptor: Descriptor,
  references: readonly ReturnType<typeof parseReference>[],
  options: TransferOptions & { readonly client: RegistryClient },
): Promise<PushReport> {
  return push(descriptor, references, {
    ...options,
    reader: store,
    mounts: (digest) => originsOf(store, digest),
    onBlob: (digest, repository) => rememberOrigin(store, digest, repository),
  })
}
