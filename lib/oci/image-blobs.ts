// Lists the blobs and manifests of an image.
import { TsbuildError } from '../base/errors.ts'
import { MANIFEST_LIMIT } from '../base/input-limit.ts'
import type { ContentReader } from './content.ts'
import { isIndexType, isManifestType } from './media-types.ts'
import { type ParsedManifest, parseManifest } from './parse-manifest.ts'
import type { Descriptor, Digest, ImageManifest } from './types.ts'

const MAX_DEPTH = 5
const MAX_MANIFESTS = 10_000

/**
 * Every blob of an image, or of all images of an index, each once, and each after the blobs that it refers to. Images
 * of an index whose manifest is absent are left out, as `docker save` leaves out absent platforms. Errors with
 * `MANIFEST_INVALID`, and as the reader does.
 */
export async function imageBlobs(reader: ContentReader, descriptor: Descriptor): Promise<readonly Descriptor[]> {
  const blobs = new Map<Digest, Descriptor>()
  for (const found of await manifests(reader, descriptor)) {
    if (found.kind === 'manifest') {
      for (const blob of [...found.manifest.layers, found.manifest.config]) blobs.set(blob.digest, blob)
    }
    blobs.set(found.descriptor.digest, found.descriptor)
  }
  return [...blobs.values()]
}

/** The manifests of an image, or of all images of an index that are present. Errors as {@link imageBlobs} does. */
export async function imageManifests(reader: ContentReader, descriptor: Descriptor): Promise<readonly ImageManifest[]> {
  return (await manifests(reader, descriptor)).flatMap((found) => (found.kind === 'manifest' ? [found.manifest] : []))
}

type Found = ParsedManifest & { readonly descriptor: Descriptor }

/** Manifests and indexes, each once, children first. */
async function manifests(reader: ContentReader, root: Descriptor): Promise<readonly Found[]> {
  const found = new Map<Digest, Found>()
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    const { digest, mediaType } = descriptor
    if (found.has(digest)) return
    if (depth > MAX_DEPTH || found.size >= MAX_MANIFESTS) {
      throw new TsbuildError('MANIFEST_INVALID', `index ${root.digest} is nested too deep or has too many images`)
    }
    const parsed = parseManifest(await reader.read(descriptor, MANIFEST_LIMIT), `manifest ${digest}`, mediaType)
    if (parsed.kind === 'index') {
      for (const entry of parsed.index.manifests) {
        const isKnown = isIndexType(entry.mediaType) || isManifestType(entry.mediaType)
        if (isKnown && reader.has(entry.digest)) await visit(entry, depth + 1)
      }
    }
    found.set(digest, { ...parsed, descriptor })
  }
  await visit(root, 0)
  return [...found.values()]
}
