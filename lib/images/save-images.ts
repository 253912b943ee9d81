import type { Writable } from 'node:stream'
import type { Store } from '../cache/store.ts'
import type { ArchivedImage } from '../export/archived-image.ts'
import { exportArchive } from '../export/export-archive.ts'
import { imageBlobs } from '../oci/image-blobs.ts'
import { defaultPlatform } from '../oci/platform.ts'
import { readImage } from '../oci/read-image.ts'
import type { Digest } from '../oci/types.ts'
import { findStored } from './find-stored.ts'

export interface SaveOptions {
  /** A path, or `-` for standard output. */
  readonly dest: string
  readonly format: 'docker' | 'oci'
  readonly signal?: AbortSignal
  /** The stream that `-` means; default the process's standard output. */
  readonly stdout?: Writable
}

/**
 * Writes images into one archive, each under the names that the caller asked for. Returns the size of the archive
 * in bytes. Errors as `findStored` and readImage() do, and with `OUTPUT_IO`.
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
  using _kept = store.leases?.begin()
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
