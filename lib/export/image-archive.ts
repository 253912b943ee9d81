// The files of an image archive: an OCI image layout, which for Docker also has a manifest.json.
import type { ArchiveMember } from '../layers/archive/pack-archive.ts'
import type { ContentReader } from '../oci/content.ts'
import { digestParts, digestPath } from '../oci/digest.ts'
import type { ImageSet } from '../oci/image-set.ts'
import { jsonBytes } from '../oci/json.ts'
import { indexBytes } from '../oci/manifest.ts'
import { familiarReference, parseReference } from '../oci/reference.ts'
import type { Descriptor, Digest, Image } from '../oci/types.ts'

/** An image on its way into an archive. */
export interface ArchivedImage {
  /** Of its manifest, or of an index. */
  readonly descriptor: Descriptor
  /** Everything that is to be in the archive of it. */
  readonly blobs: readonly Descriptor[]
  /** Full names. */
  readonly names: readonly string[]
  /** The image that Docker is to load: for an index, that of one platform. */
  readonly image: Image
}

export const OCI_LAYOUT_BYTES: Uint8Array = jsonBytes({ imageLayoutVersion: '1.0.0' })

/** An image, or an index with its images, and all blobs. */
export function archivedImage({ descriptor, images }: ImageSet, names: readonly string[]): ArchivedImage {
  const blobs = images.flatMap(({ manifest, descriptor }) => [...manifest.layers, manifest.config, descriptor])
  return { descriptor, names, image: images[0], blobs: [...blobs, descriptor] }
}

/** The archive's members, sorted by name, each blob once and verified while it is read. */
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
  if (options.docker) members.push({ kind: 'bytes', name: 'manifest.json', bytes: jsonBytes(images.map(dockerEntry)) })
  members.push({ kind: 'bytes', name: 'oci-layout', bytes: OCI_LAYOUT_BYTES })
  return members.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * The entries of index.json for an image: one a name, or one without (image-spec annotations.md#pre-defined-annotation-keys).
 */
export function indexEntries(image: ArchivedImage): readonly Descriptor[] {
  const { descriptor, names } = image
  const created = image.image.config.created
  const annotations = {
    ...descriptor.annotations,
    // As the config says, so that the same image gives the same archive.
    ...(created ? { 'org.opencontainers.image.created': `${new Date(created).toISOString().slice(0, 19)}Z` } : {}),
  }
  if (names.length === 0) return [{ ...descriptor, annotations }]
  return names.map((name) => ({
    ...descriptor,
    annotations: {
      ...annotations,
      'io.containerd.image.name': name,
      // Only the tag, as containerd and buildx write it.
      'org.opencontainers.image.ref.name': parseReference(name).tag ?? 'latest',
    },
  }))
}

function dockerEntry({ image, names }: ArchivedImage): { Config: string; RepoTags: string[]; Layers: string[] } {
  return {
    Config: digestPath(image.manifest.config.digest),
    RepoTags: names.map((name) => familiarReference(parseReference(name))),
    Layers: image.manifest.layers.map((layer) => digestPath(layer.digest)),
  }
}
