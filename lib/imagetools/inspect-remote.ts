// Inspects images without fetching their layers: `imagetools inspect`.

import { JSON_LIMIT, MANIFEST_LIMIT } from '../base/input-limit.ts'
import { isAttestation } from '../oci/attested-digest.ts'
import type { ContentReader } from '../oci/content.ts'
import { objectAt } from '../oci/guard.ts'
import { parseJson } from '../oci/json.ts'
import { isConfigType, isManifestType } from '../oci/media-types.ts'
import { type ParsedManifest, parseManifest, parsePlatformObject } from '../oci/parse-manifest.ts'
import type { Descriptor, Digest, Platform } from '../oci/types.ts'
import { openRegistryClient, type RegistryOptions } from '../registry/client.ts'
import { inParallel } from '../registry/in-parallel.ts'
import { openLocation } from './image-location.ts'

export interface InspectRemoteOptions extends RegistryOptions {
  /** Whether to read the images' configs, too. */
  readonly configs?: boolean
  readonly signal?: AbortSignal | undefined
}

/** An image or index that a name in a registry or an image layout leads to. */
export interface RemoteImage {
  /** The full name. */
  readonly name: string
  readonly descriptor: Descriptor
  /** The bytes of the manifest or index, unchanged. */
  readonly bytes: Uint8Array
  readonly content: ParsedManifest
  /** The images with their configs, if `configs` is set. Attestations and other artifacts are left out. */
  readonly images: readonly RemoteConfig[]
  /** The name of another manifest in the same repository or layout. */
  nameOf(digest: Digest): string
}

export interface RemoteConfig {
  readonly digest: Digest
  /** The platform in the index, else the config's. */
  readonly platform: Platform
  /** The parsed config, unknown fields included. */
  readonly config: Readonly<Record<string, unknown>>
}

/**
 * Reads the manifest or index that `NAME[:TAG|@DIGEST]` or `oci-layout://DIR[:TAG]` leads to. Errors with
 * `IMAGE_NOT_FOUND`, `REGISTRY_AUTH`, `LAYOUT_INVALID`, and as requests do.
 *
 * @example
 * ```ts
 * import { build, inspectRemote, openStore, pushImage } from '@tsbuild/tsbuild'
 *
 * const context = new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']])
 * await build({ context, tags: ['localhost:5000/app:3'] })
 * await pushImage(openStore(), 'localhost:5000/app:3')
 * const { content } = await inspectRemote('localhost:5000/app:3')
 * console.log(content.kind) // manifest
 * ```
 */
export async function inspectRemote(name: string, options: InspectRemoteOptions = {}): Promise<RemoteImage> {
  const { configs = false, signal, ...rest } = options
  const client = openRegistryClient(rest)
  try {
    const location = openLocation(name, { client, signal })
    const { reader } = location
    const descriptor = await location.resolve()
    const bytes = await reader.read(descriptor, MANIFEST_LIMIT)
    const content = parseManifest(bytes, `manifest ${descriptor.digest}`, descriptor.mediaType)
    const manifests = content.kind === 'index' ? content.index.manifests.filter(isImage) : [descriptor]
    const images = configs ? await inParallel(manifests, 4, signal, (entry) => readImageConfig(entry, reader)) : []
    const { name: full, nameOf } = location
    return { name: full, descriptor, bytes, content, images: images.flatMap((image) => image ?? []), nameOf }
  } finally {
    await client.close()
  }
}

const isImage = (entry: Descriptor): boolean => isManifestType(entry.mediaType) && !isAttestation(entry)

/** Undefined for anything but an image. */
async function readImageConfig(descriptor: Descriptor, reader: ContentReader): Promise<RemoteConfig | undefined> {
  const what = `manifest ${descriptor.digest}`
  const parsed = parseManifest(await reader.read(descriptor, MANIFEST_LIMIT), what, descriptor.mediaType)
  if (parsed.kind === 'index' || !isConfigType(parsed.manifest.config.mediaType)) return undefined
  const { digest } = parsed.manifest.config
  const bytes = await reader.read(parsed.manifest.config, JSON_LIMIT)
  const location = { code: 'IMAGE_INVALID', what: `config ${digest}`, path: '' } as const
  const config = objectAt(parseJson(bytes, location.code, location.what), location)
  return { digest: descriptor.digest, platform: descriptor.platform ?? parsePlatformObject(config, location), config }
}
