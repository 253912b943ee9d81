// Parses foreign manifests and indexes.
import { TsbuildError } from '../base/errors.ts'
import { isDigest } from './digest.ts'
import {
  arrayAt,
  at,
  fail,
  failWith,
  integerAt,
  type JsonLocation,
  objectAt,
  optional,
  stringAt,
  stringRecordAt,
  stringsAt,
} from './guard.ts'
import { parseJson } from './json.ts'
import { isIndexType, isManifestType, OCI_INDEX, OCI_MANIFEST } from './media-types.ts'
import type { Descriptor, Digest, ImageIndex, ImageManifest, Platform } from './types.ts'

/** Limits: more layers than any runtime can mount, more manifests than there are platforms. */
const MAX_LAYERS = 1024
const MAX_MANIFESTS = 4096

/** A parsed manifest or index. Unknown fields are left out. */
export type ParsedManifest =
  | { readonly kind: 'manifest'; readonly manifest: ImageManifest }
  | { readonly kind: 'index'; readonly index: ImageIndex }

/**
 * Parses an image manifest or an image index, OCI's or Docker's. The document must agree with `expectedType`, the
 * media type of its descriptor. Errors with `MANIFEST_INVALID`, or `UNSUPPORTED` for Docker's schema 1.
 */
export function parseManifest(bytes: Uint8Array, what: string, expectedType?: string): ParsedManifest {
  const location: JsonLocation = { code: 'MANIFEST_INVALID', what, path: '' }
  const object = objectAt(parseJson(bytes, 'MANIFEST_INVALID', what), location)
  if (object['schemaVersion'] === 1) {
    throw new TsbuildError('UNSUPPORTED', `${what} is of Docker's schema 1`, {
      hint: 'the image is older than 2017: push it again with a current client',
    })
  }
  if (object['schemaVersion'] !== 2) throw fail(at(location, 'schemaVersion'), '2', object['schemaVersion'])
  const mediaType = resolveType(object, location, expectedType)
  const rest = {
    ...optional(object, 'artifactType', location, stringAt),
    ...optional(object, 'subject', location, parseDescriptor),
    ...optional(object, 'annotations', location, stringRecordAt),
  }
  if (isIndexType(mediaType)) {
    // Go writes an empty list as null.
    const manifests = arrayAt(object['manifests'] ?? [], at(location, 'manifests'), parseDescriptor)
    if (manifests.length > MAX_MANIFESTS)
      throw fail(at(location, 'manifests'), `at most ${MAX_MANIFESTS}`, manifests.length)
    return { kind: 'index', index: { schemaVersion: 2, mediaType, manifests, ...rest } }
  }
  const config = parseDescriptor(object['config'], at(location, 'config'))
  const layers = arrayAt(object['layers'], at(location, 'layers'), parseDescriptor)
  if (layers.length > MAX_LAYERS) throw fail(at(location, 'layers'), `at most ${MAX_LAYERS}`, layers.length)
  return { kind: 'manifest', manifest: { schemaVersion: 2, mediaType, config, layers, ...rest } }
}

/** Checks a descriptor. */
export function parseDescriptor(value: unknown, location: JsonLocation): Descriptor {
  const object = objectAt(value, location)
  const size = integerAt(object['size'], at(location, 'size'))
  if (size < 0) throw fail(at(location, 'size'), 'at least 0', size)
  return {
    mediaType: stringAt(object['mediaType'], at(location, 'mediaType')),
    digest: digestAt(object['digest'], at(location, 'digest')),
    size,
    ...optional(object, 'platform', location, parsePlatformObject),
    ...optional(object, 'annotations', location, stringRecordAt),
    ...optional(object, 'urls', location, stringsAt),
    ...optional(object, 'data', location, stringAt),
    ...optional(object, 'artifactType', location, stringAt),
  }
}

/** Checks a digest. */
export function digestAt(value: unknown, location: JsonLocation): Digest {
  if (isDigest(value)) return value
  throw fail(location, 'a sha256 or sha512 digest', value)
}

/** Checks an object with `os` and `architecture`. */
export function parsePlatformObject(value: unknown, location: JsonLocation): Platform {
  const object = objectAt(value, location)
  const variant = optional(object, 'variant', location, stringAt)
  return {
    os: stringAt(object['os'], at(location, 'os')),
    architecture: stringAt(object['architecture'], at(location, 'architecture')),
    // Some builders write an empty variant.
    ...(variant.variant ? variant : {}),
    ...optional(object, 'os.version', location, stringAt),
    ...optional(object, 'os.features', location, stringsAt),
  }
}

function resolveType(
  object: Readonly<Record<string, unknown>>,
  location: JsonLocation,
  expected: string | undefined,
): string {
  const hasManifests = object['manifests'] !== undefined
  const hasLayers = object['layers'] !== undefined || object['config'] !== undefined
  // A document that is both could be read as two different images (CVE-2021-41190).
  if (hasManifests && hasLayers) throw failWith(location, 'must be either a manifest or an index, got both')
  const declared = optional(object, 'mediaType', location, stringAt).mediaType
  const known = expected !== undefined && (isIndexType(expected) || isManifestType(expected)) ? expected : undefined
  const mediaType = known ?? declared ?? (hasManifests ? OCI_INDEX : OCI_MANIFEST)
  if (declared !== undefined && declared !== mediaType) throw fail(at(location, 'mediaType'), mediaType, declared)
  if (!isIndexType(mediaType) && !isManifestType(mediaType)) {
    throw fail(at(location, 'mediaType'), 'the type of an image manifest or index', mediaType)
  }
  if (isIndexType(mediaType) !== hasManifests) {
    throw failWith(
      location,
      isIndexType(mediaType) ? 'must be an index, got a manifest' : 'must be a manifest, got an index',
    )
  }
  return mediaType
}
