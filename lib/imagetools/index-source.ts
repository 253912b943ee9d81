// The sources of an index, in the syntax of docker buildx imagetools.
import { TsbuildError } from '../base/errors.ts'
import { JSON_LIMIT, MANIFEST_LIMIT } from '../base/input-limit.ts'
import { isDigest } from '../oci/digest.ts'
import {
  at,
  failWith,
  integerAt,
  type JsonLocation,
  objectAt,
  optional,
  stringAt,
  stringRecordAt,
  stringsAt,
} from '../oci/guard.ts'
import { parseJson } from '../oci/json.ts'
import { isConfigType } from '../oci/media-types.ts'
import { parseConfig } from '../oci/parse-config.ts'
import { digestAt, type ParsedManifest, parseManifest } from '../oci/parse-manifest.ts'
import { normalisePlatform } from '../oci/platform.ts'
import type { Reference } from '../oci/reference.ts'
import type { Descriptor, Digest, ImageManifest, Platform } from '../oci/types.ts'
import { type ImageLocation, type LocationOptions, openLocation } from './image-location.ts'

/** A source that has been read. */
export interface IndexSource {
  readonly location: ImageLocation
  /** The descriptor with the user's additions; an image's has its platform. */
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly parsed: ParsedManifest
}

/** A source as the user wrote it: a name, or the digest of a manifest, perhaps with fields of its descriptor. */
export type WrittenSource =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'descriptor'; readonly digest: Digest; readonly given: GivenDescriptor }

interface GivenDescriptor {
  readonly size?: number
  readonly mediaType?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly platform?: Partial<Platform>
}

/** Reads a name, a digest, or a descriptor as JSON. Errors with `OPTION_INVALID`. */
export function parseIndexSource(text: string): WrittenSource {
  const trimmed = text.trim()
  if (isDigest(trimmed)) return { kind: 'descriptor', digest: trimmed, given: {} }
  if (!trimmed.startsWith('{')) return { kind: 'name', name: trimmed }
  const location: JsonLocation = { code: 'OPTION_INVALID', what: 'descriptor', path: '' }
  const object = objectAt(parseJson(Buffer.from(trimmed), location.code, location.what), location)
  if (object['schemaVersion'] !== undefined) throw failWith(location, 'is a manifest or index: give its name or digest')
  return {
    kind: 'descriptor',
    digest: digestAt(object['digest'], at(location, 'digest')),
    given: {
      ...optional(object, 'size', location, integerAt),
      ...optional(object, 'mediaType', location, stringAt),
      ...optional(object, 'annotations', location, stringRecordAt),
      ...optional(object, 'platform', location, parsePartialPlatform),
    },
  }
}

function parsePartialPlatform(value: unknown, location: JsonLocation): Partial<Platform> {
  const object = objectAt(value, location)
  return {
    ...optional(object, 'os', location, stringAt),
    ...optional(object, 'architecture', location, stringAt),
    ...optional(object, 'variant', location, stringAt),
    ...optional(object, 'os.version', location, stringAt),
    ...optional(object, 'os.features', location, stringsAt),
  }
}

/**
 * Finds and reads a source. A bare digest is searched in the given repository. Errors with `IMAGE_NOT_FOUND`, with
 * `OPTION_INVALID` for a digest without a repository or a descriptor that contradicts the manifest, and as
 * openLocation() and readers do.
 */
export async function readIndexSource(
  source: WrittenSource,
  repository: Reference | undefined,
  options: LocationOptions,
): Promise<IndexSource> {
  const location = openLocation(source.kind === 'name' ? source.name : nameIn(repository, source.digest), options)
  const found = await location.resolve()
  const bytes = await location.reader.read(found, MANIFEST_LIMIT)
  const parsed = parseManifest(bytes, `manifest ${found.digest}`, found.mediaType)
  const given = source.kind === 'name' ? {} : source.given
  refuseContradiction(given, found)
  const { mediaType, digest, size, platform } = found
  const known = { ...platform, ...given.platform }
  const filled =
    parsed.kind === 'manifest' ? await fillPlatform(known, parsed.manifest, location) : completePlatform(known)
  const descriptor: Descriptor = {
    mediaType,
    digest,
    size,
    ...(given.annotations && { annotations: given.annotations }),
    ...(filled && { platform: filled }),
  }
  return { location, descriptor, bytes, parsed }
}

function nameIn(repository: Reference | undefined, digest: Digest): string {
  if (repository) return `${repository.domain}/${repository.path}@${digest}`
  throw new TsbuildError('OPTION_INVALID', `it isn't clear which repository ${digest} is in`, {
    hint: `write it as NAME@${digest}`,
  })
}

function refuseContradiction({ size, mediaType }: GivenDescriptor, found: Descriptor): void {
  for (const [what, given, is] of [
    ['size', size, found.size],
    ['mediaType', mediaType, found.mediaType],
  ]) {
    if (given === undefined || given === is) continue
    const message = `descriptor of ${found.digest} has ${what} ${JSON.stringify(given)}, but it is ${JSON.stringify(is)}`
    throw new TsbuildError('OPTION_INVALID', message)
  }
}

/** Completes an image's platform from its config. */
async function fillPlatform(
  known: Partial<Platform>,
  { config }: ImageManifest,
  { reader }: ImageLocation,
): Promise<Platform | undefined> {
  if ((known.os && known.architecture) || !isConfigType(config.mediaType)) return completePlatform(known)
  const own = normalisePlatform(parseConfig(await reader.read(config, JSON_LIMIT), `config ${config.digest}`))
  // The config's variant belongs to the config's architecture.
  const { variant, ...rest } = own
  return completePlatform({ ...rest, ...(!known.architecture && variant !== undefined && { variant }), ...known })
}

function completePlatform(known: Partial<Platform>): Platform | undefined {
  const { os, architecture } = known
  return os && architecture ? { ...known, os, architecture } : undefined
}
