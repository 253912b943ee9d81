// Loads images from archives into the store: OCI image layouts (a directory or a tar), and archives of `docker save`.
import { statSync } from 'node:fs'
import { TsbuildError } from '../base/errors.ts'
import type { Store } from '../cache/store.ts'
import type { ContentReader } from '../oci/content.ts'
import { imageBlobs } from '../oci/image-blobs.ts'
import { openLayout } from '../oci/layout.ts'
import { tryNormaliseName } from '../oci/reference.ts'
import type { Descriptor, Digest } from '../oci/types.ts'
import { nameImage } from './name-image.ts'
import { readDockerArchive } from './read-docker-archive.ts'
import { readArchive } from './read-image-archive.ts'
import { validateImage } from './validate-image.ts'

/** An image that was loaded into the store. */
export interface LoadedImage {
  /** The descriptor of its manifest, or of an index. */
  readonly descriptor: Descriptor
  /** The full names that it got in the store. None if the archive gives none: then tag the image by its digest. */
  readonly names: readonly string[]
}

/** The images of an archive, and a reader of their blobs. */
interface ArchivedImages {
  readonly reader: ContentReader
  readonly images: readonly { readonly descriptor: Descriptor; readonly names: readonly string[] }[]
}

/**
 * Reads all images of an archive into the store: an OCI image layout as a directory, or a tar (also compressed,
 * also as a stream) of one or of what `docker save` writes. Everything is recomputed before an image gets its
 * names: an image that does not fit together, or cannot be checked, is not loaded. Errors with `ARCHIVE_INVALID`,
 * `LAYOUT_INVALID`, `BLOB_NOT_FOUND`, with `IMAGE_INVALID` for any mismatch, and with `ARCHIVE_UNSUPPORTED` or
 * `UNSUPPORTED` for parts that cannot be checked; all further problems are its `others`.
 *
 * @example
 * ```ts
 * import { build, loadImages, openStore, saveImages } from '@tsbuild/tsbuild'
 *
 * const store = openStore()
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['app:2'] })
 * await saveImages(store, ['app:2'], { dest: 'saved.tar', format: 'oci' })
 * const [loaded] = await loadImages(store, 'saved.tar')
 * console.log(loaded?.names[0]) // docker.io/library/app:2
 * ```
 */
export async function loadImages(
  store: Store,
  source: string | AsyncIterable<Uint8Array>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly LoadedImage[]> {
  using _kept = store.leases?.begin()
  const { signal } = options
  const { reader, images } = await openSource(store, source, signal)
  const byDigest = new Map<Digest, { descriptor: Descriptor; names: string[] }>()
  for (const { descriptor, names } of images) {
    const known = byDigest.get(descriptor.digest) ?? { descriptor: withoutNames(descriptor), names: [] }
    byDigest.set(descriptor.digest, { ...known, names: [...new Set([...known.names, ...names])] })
  }
  if (byDigest.size === 0) throw new TsbuildError('IMAGE_NOT_FOUND', 'the archive has no images')
  for (const { descriptor } of byDigest.values()) {
    for (const blob of await imageBlobs(reader, descriptor)) await store.copyBlob(reader, blob, signal)
    await checkImage(store, descriptor, signal)
  }
  const loaded = [...byDigest.values()]
  for (const { descriptor, names } of loaded) await nameImage(store, descriptor, names)
  return loaded
}

async function openSource(
  store: Store,
  source: string | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<ArchivedImages> {
  const isDirectory = typeof source === 'string' && statSync(source, { throwIfNoEntry: false })?.isDirectory()
  if (isDirectory) return readLayout(source)
  const archive = await readArchive(source, store.temporary(), signal)
  if (archive.has('oci-layout') && archive.has('index.json')) return readLayout(archive.layout())
  if (archive.has('manifest.json')) return { reader: store, images: await readDockerArchive(archive, store) }
  throw new TsbuildError('ARCHIVE_INVALID', 'the archive is neither an OCI image layout nor made by docker save', {
    hint: 'it has no oci-layout and no manifest.json; a root filesystem can be used with FROM scratch and ADD',
  })
}

function readLayout(directory: string): ArchivedImages {
  const layout = openLayout(directory)
  const images = layout.manifests.map((descriptor) => ({ descriptor, names: namesOf(descriptor) }))
  return { reader: layout, images }
}

function namesOf({ annotations }: Descriptor): readonly string[] {
  const full = annotations?.['io.containerd.image.name']
  const ref = annotations?.['org.opencontainers.image.ref.name']
  // skopeo and podman write whole names in this annotation, others only a tag, which is no name.
  const text = full ?? (ref !== undefined && /[:/]/.test(ref) ? ref : undefined)
  const name = text === undefined ? undefined : tryNormaliseName(text)
  return name === undefined || name.includes('@') ? [] : [name]
}

/** The descriptor without the annotations for names, which belong to the references. Other annotations stay. */
function withoutNames({ annotations, ...descriptor }: Descriptor): Descriptor {
  const { 'io.containerd.image.name': _, 'org.opencontainers.image.ref.name': __, ...rest } = annotations ?? {}
  return Object.keys(rest).length === 0 ? descriptor : { ...descriptor, annotations: rest }
}

async function checkImage(store: Store, descriptor: Descriptor, signal: AbortSignal | undefined): Promise<void> {
  const { problems, unchecked } = await validateImage(store, descriptor, { signal, skipMissing: true })
  const [first, ...others] = [
    ...problems.map(
      ({ digest, message, hint }) => new TsbuildError('IMAGE_INVALID', `${digest}: ${message}`, { hint }),
    ),
    ...unchecked.map(({ code, digest, message, hint }) => new TsbuildError(code, `${digest}: ${message}`, { hint })),
  ]
  if (first) throw first.with({ others })
}
