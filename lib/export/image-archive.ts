// The members of an image archive: an OCI image layout, with a manifest.json for `docker load`.
import type { ArchiveMember } from '../layers/archive/pack-archive.ts'
import type { ContentReader } from '../oci/content.ts'
import { digestParts, digestPath } from '../oci/digest.ts'
import { jsonBytes } from '../oci/json.ts'
import { indexBytes } from '../oci/manifest.ts'
import { parseReference } from '../oci/reference.ts'
import type { Descriptor, Digest } from '../oci/types.ts'
import type { ArchivedImage } from './archived-image.ts'
import { dockerManifest } from './docker-archive.ts'

export const OCI_LAYOUT_BYTES: Uint8Array = jsonBytes({ imageLayoutVersion: '1.0.0' })

/** The members of the archive, sorted by name. Each blob occurs once, and is verified while it is read. */
export function archiveMembers(
  images: readonly ArchivedImage[],
  store: ContentReader,
  options: { readonly docker: boolean; readonly signal?: AbortSignal | undefined },
): readonly ArchiveMember[] {
  const blobs = new Map<Digest, Descriptor>()
  for (const image of images) for (const blob of image.blobs) blobs.set(blob.digest, blob)
  const algorithms = new Set([...blobs.keys()].map((digest) => digestParts(digest).algorithm))
  const directories = ['blobs', ...[...algorithms].map((algorithm) => `blobs/${algorithm}`)]
  const members: ArchiveMember[] = directories.map((name) => ({ kind: 'directory', name }))
  for (const blob of blobs.values()) {
    members.push({
      kind: 'stream',
      name: digestPath(blob.digest),
      size: blob.size,
      open: () => store.open(blob, options.signal),
    })
  }
  members.push({ kind: 'bytes', name: 'index.json', bytes: indexBytes(images.flatMap(indexEntries)) })
  if (options.docker) members.push({ kind: 'bytes', name: 'manifest.json', bytes: dockerManifest(images) })
  members.push({ kind: 'bytes', name: 'oci-layout', bytes: OCI_LAYOUT_BYTES })
  return members.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * The entries of index.json for an image: one for each name, or one without a name (image-spec
 * annotations.md#pre-defined-annotation-keys).
 */
export function indexEntries(image: ArchivedImage): readonly Descriptor[] {
  const { descriptor, names } = image
  const created = image.image.config.created
  const annotations = {
    ...descriptor.annotations,
    // The time of the config, so that the same image gives the same archive.
    ...(created ? { 'org.opencontainers.image.created': `${new Date(created).toISOString().slice(0, 19)}Z` } : {}),
  }
  if (names.length === 0) return [{ ...descriptor, annotations }]
  return names.map((name) => ({
    ...descriptor,
    annotations: {
      ...annotations,
      'io.containerd.image.name': name,
      // The tag alone, as containerd and buildx write it.
      'org.opencontainers.image.ref.name': parseReference(name).tag ?? 'latest',
    },
  }))
}
