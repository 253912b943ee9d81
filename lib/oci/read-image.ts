import { TsbuildError } from '../base/errors.ts'
import { JSON_LIMIT, MANIFEST_LIMIT } from '../base/input-limit.ts'
import type { ContentReader } from './content.ts'
import { compressionOf, isConfigType, isIndexType } from './media-types.ts'
import { parseConfig } from './parse-config.ts'
import { parseManifest } from './parse-manifest.ts'
import { formatPlatform, matchPlatform } from './platform.ts'
import type { Descriptor, Image, ImageConfig, ImageIndex, ImageManifest, Layer, Platform } from './types.ts'

/** The deepest nesting of indexes: more is an attack or a mistake. */
const MAX_DEPTH = 4

export interface ReadImageOptions {
  /**
   * If `first`, an index without an image for the platform gives its first image that is present. By default that is
   * an error.
   */
  readonly otherwise?: 'first'
}

/**
 * Reads an image's manifest and config. An index is followed to the best manifest for the platform; an image outside
 * an index is taken whatever its platform. Layers are not read. Errors with `PLATFORM_NOT_FOUND`, `MANIFEST_INVALID`,
 * `IMAGE_INVALID`, `UNSUPPORTED`, and as the reader does.
 *
 * @example
 * ```ts
 * import { build, openStore, readImage, resolveStored } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['app:1'] })
 * const store = openStore()
 * const { descriptor } = await resolveStored(store, 'app:1')
 * const { layers } = await readImage(store, descriptor, { os: 'linux', architecture: 'amd64' })
 * console.log(layers.length) // 1
 * ```
 */
export async function readImage(
  reader: ContentReader,
  descriptor: Descriptor,
  platform: Platform,
  options: ReadImageOptions = {},
): Promise<Image> {
  const found = await findManifest({ reader, platform, ...options }, descriptor, 0)
  return readImageParts(reader, found.descriptor, found.manifest)
}

interface FoundManifest {
  readonly descriptor: Descriptor
  readonly manifest: ImageManifest
}

interface Search extends ReadImageOptions {
  readonly reader: ContentReader
  readonly platform: Platform
}

async function findManifest(search: Search, descriptor: Descriptor, depth: number): Promise<FoundManifest> {
  const what = `${isIndexType(descriptor.mediaType) ? 'index' : 'manifest'} ${descriptor.digest}`
  if (depth > MAX_DEPTH) throw new TsbuildError('MANIFEST_INVALID', `${what} is nested too deep`)
  const parsed = parseManifest(await search.reader.read(descriptor, MANIFEST_LIMIT), what, descriptor.mediaType)
  if (parsed.kind === 'manifest') return { descriptor, manifest: parsed.manifest }
  return findManifest(search, await choose(search, parsed.index, what), depth + 1)
}

/** The entry of an index for a platform. An image without a platform in its entry is matched by its config's. */
async function choose({ reader, platform, otherwise }: Search, index: ImageIndex, what: string): Promise<Descriptor> {
  const listed = index.manifests.filter((entry) => !entry.annotations?.['vnd.docker.reference.type'])
  const here = otherwise === 'first' ? listed.filter((entry) => reader.has(entry.digest)) : []
  const images = here.length > 0 ? here : listed
  const platforms: Platform[] = []
  for (const entry of images) platforms.push(entry.platform ?? (await platformOf(reader, entry)))
  const chosen = images[matchPlatform(platform, platforms)]
  if (chosen) return chosen
  // A nested index without a platform may hold the wanted image. Several of them cannot be told apart.
  const nested = images.filter((entry) => isIndexType(entry.mediaType) && !entry.platform)
  if (nested.length === 1 && nested[0]) return nested[0]
  if (here[0]) return here[0]
  const offered = [...new Set(platforms.map(formatPlatform))].filter((p) => p !== 'unknown').join(', ')
  throw new TsbuildError('PLATFORM_NOT_FOUND', `${what} has no image for platform ${formatPlatform(platform)}`, {
    hint: offered ? `it has ${offered}` : undefined,
  })
}

async function platformOf(reader: ContentReader, entry: Descriptor): Promise<Platform> {
  if (isIndexType(entry.mediaType)) return { os: '', architecture: '' }
  const what = `manifest ${entry.digest}`
  const parsed = parseManifest(await reader.read(entry, MANIFEST_LIMIT), what, entry.mediaType)
  if (parsed.kind === 'index' || !isConfigType(parsed.manifest.config.mediaType)) return { os: '', architecture: '' }
  return readConfig(reader, parsed.manifest)
}

/** Completes an image whose manifest is known. Errors with `IMAGE_INVALID`. */
async function readImageParts(reader: ContentReader, descriptor: Descriptor, manifest: ImageManifest): Promise<Image> {
  const what = `manifest ${descriptor.digest}`
  if (!isConfigType(manifest.config.mediaType)) {
    throw new TsbuildError(
      'IMAGE_INVALID',
      `${what} is not a container image: its config has media type ${JSON.stringify(manifest.config.mediaType)}`,
    )
  }
  const config = await readConfig(reader, manifest)
  return { descriptor, manifest, config, layers: pairLayers(what, manifest, config) }
}

function readConfig(reader: ContentReader, manifest: ImageManifest): Promise<ImageConfig> {
  const { config } = manifest
  return reader.read(config, JSON_LIMIT).then((bytes) => parseConfig(bytes, `config ${config.digest}`))
}

function pairLayers(what: string, manifest: ImageManifest, config: ImageConfig): readonly Layer[] {
  const diffIDs = config.rootfs.diff_ids
  if (diffIDs.length !== manifest.layers.length) {
    const message = `${what} has ${manifest.layers.length} layers, but its config has ${diffIDs.length} diff_ids`
    throw new TsbuildError('IMAGE_INVALID', message)
  }
  return diffIDs.map((diffID, index) => {
    const descriptor = manifest.layers[index]
    if (!descriptor || compressionOf(descriptor.mediaType) === undefined) {
      const type = JSON.stringify(descriptor?.mediaType)
      throw new TsbuildError('IMAGE_INVALID', `${what}: layers[${index}] has the unknown media type ${type}`)
    }
    return { descriptor, diffID }
  })
}
