import { TsbuildError } from '../errors.ts'
import type { ContentReader } from './content.ts'
import { isIndexType, isManifestType } from './media-types.ts'
import { parseManifest } from './parse-manifest.ts'
import type { Descriptor, Digest } from './types.ts'

const MANIFEST_LIMIT = 4 << 20
const MAX_DEPTH = 5
const MAX_BLOBS = 100_000

/**
 * Every blob of an image, or of all images of an index, each once, what refers to a blob after it. Images of an index whose manifest is not there
 * are left out, as `docker save` leaves out platforms that it doesn't have. Errors with `MANIFEST_INVALID`, and those of the reader.
 */
export async function imageBlobs(reader: ContentReader, descriptor: Descriptor): Promise<readonly Descriptor[]> {
  const blobs = new Map<Digest, Descriptor>()
  await collect(reader, descriptor, blobs, 0)
  return [...blobs.values()]
}

async function collect(
  reader: ContentReader,
  descriptor: Descriptor,
  blobs: Map<Digest, Descriptor>,
  depth: number,
): Promise<void> {
  if (blobs.has(descriptor.digest)) return
  const { mediaType, digest } = descriptor
  const what = `manifest ${digest}`
  if (depth > MAX_DEPTH || blobs.size > MAX_BLOBS) {
    throw new TsbuildError('MANIFEST_INVALID', `${what} is nested too deep or has too many blobs`)
  }
  const parsed = parseManifest(await reader.read(descriptor, MANIFEST_LIMIT), what, mediaType)
  if (parsed.kind === 'manifest') {
    for (const blob of [parsed.manifest.config, ...parsed.manifest.layers]) blobs.set(blob.digest, blob)
  } else {
    for (const entry of parsed.index.manifests) {
      const isJson = isIndexType(entry.mediaType) || isManifestType(entry.mediaType)
      if (isJson && reader.has(entry.digest)) await collect(reader, entry, blobs, depth + 1)
    }
  }
  blobs.set(digest, descriptor)
}
