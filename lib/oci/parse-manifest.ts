// Manifests and indexes from bytes that somebody else wrote.
import { TsbuildError } from '../base/errors.ts'
import { isDigest } from './digest.ts'
import {
  arrayAt,
  at,
  fail,
  failWith,
  integerAt,
  objectAt,
  optional,
  type Place,
  stringAt,
  stringRecordAt,
  stringsAt,
} from './guard.ts'
import { parseJson } from './json.ts'
import { isIndexType, isManifestType, OCI_INDEX, OCI_MANIFEST } from './media-types.ts'
import type { Descriptor, Digest, ImageIndex, ImageManifest, Platform } from './types.ts'

/** More layers than any runtime can mount; more manifests than there are platforms. */
const MAX_LAYERS = 1024
const MAX_MANIFESTS = 4096

/** A parsed manifest or index. Unknown fields are left out. */
export type ParsedManifest =
  | { readonly kind: 'manifest'; readonly manifest: ImageManifest }
  | { readonly kind: 'index'; readonly index: ImageIndex }

/**
 * Parses an image manifest or an image index, OCI's or Docker's. What it is must not contradict the media type of the
 * descriptor that led here. Errors with `MANIFEST_INVALID`, or `UNSUPPORTED` for Docker's schema 1.
 */
export function parseManifest(bytes: Uint8Array, what: string, expectedType?: string): ParsedManifest {
  const place: Place = { code: 'MANIFEST_INVALID', what, path: '' }
  const object = objectAt(parseJson(bytes, 'MANIFEST_INVALID', what), place)
  if (object['schemaVersion'] === 1) {
    throw new TsbuildError('UNSUPPORTED', `${what} is of Docker's schema 1`, {
      hint: 'the image is older than 2017: push it again with a current client',
    })
  }
  if (object['schemaVersion'] !== 2) throw fail(at(place, 'schemaVersion'), '2', object['schemaVersion'])
  const mediaType = resolveType(object, place, expectedType)
  const rest = {
    ...optional(object, 'artifactType', place, stringAt),
    ...optional(object, 'subject', place, parseDescriptor),
    ...optional(object, 'annotations', place, stringRecordAt),
  }
  if (isIndexType(mediaType)) {
    // Go writes an empty list as null.
    const manifests = arrayAt(object['manifests'] ?? [], at(place, 'manifests'), parseDescriptor)
    if (manifests.length > MAX_MANIFESTS)
      throw fail(at(place, 'manifests'), `at most ${MAX_MANIFESTS}`, manifests.length)
    return { kind: 'index', index: { schemaVersion: 2, mediaType, manifests, ...rest } }
  }
  const config = parseDescriptor(object['config'], at(place, 'config'))
  const layers = arrayAt(object['layers'], at(place, 'layers'), parseDescriptor)
  if (layers.length > MAX_LAYERS) throw fail(at(place, 'layers'), `at most ${MAX_LAYERS}`, layers.length)
  return { kind: 'manifest', manifest: { schemaVersion: 2, mediaType, config, layers, ...rest } }
}

/** Checks a descriptor. */
export function parseDescriptor(value: unknown, place: Place): Descriptor {
  const object = objectAt(value, place)
  const size = integerAt(object['size'], at(place, 'size'))
  if (size < 0) throw fail(at(place, 'size'), 'at least 0', size)
  return {
    mediaType: stringAt(object['mediaType'], at(place, 'mediaType')),
    digest: digestAt(object['digest'], at(place, 'digest')),
    size,
    ...optional(object, 'platform', place, parsePlatformObject),
    ...optional(object, 'annotations', place, stringRecordAt),
    ...optional(object, 'urls', place, stringsAt),
    ...optional(object, 'data', place, stringAt),
    ...optional(object, 'artifactType', place, stringAt),
  }
}

/** Checks a digest. */
export function digestAt(value: unknown, place: Place): Digest {
  if (isDigest(value)) return value
  throw fail(place, 'a sha256 or sha512 digest', value)
}

/** Checks an object with `os` and `architecture`. */
export function parsePlatformObject(value: unknown, place: Place): Platform {
  const object = objectAt(value, place)
  const variant = optional(object, 'variant', place, stringAt)
  return {
    os: stringAt(object['os'], at(place, 'os')),
    architecture: stringAt(object['architecture'], at(place, 'architecture')),
    // Some builders write an empty variant.
    ...(variant.variant ? variant : {}),
    ...optional(object, 'os.version', place, stringAt),
    ...optional(object, 'os.features', place, stringsAt),
  }
}

function resolveType(object: Readonly<Record<string, unknown>>, place: Place, expected: string | undefined): string {
  const hasManifests = object['manifests'] !== undefined
  const hasLayers = object['layers'] !== undefined || object['config'] !== undefined
  // One document that is both can be read as two different images: see CVE-2021-41190.
  if (hasManifests && hasLayers) throw failWith(place, 'must be either a manifest or an index, got both')
  const declared = optional(object, 'mediaType', place, stringAt).mediaType
  const known = expected !== undefined && (isIndexType(expected) || isManifestType(expected)) ? expected : undefined
  const mediaType = known ?? declared ?? (hasManifests ? OCI_INDEX : OCI_MANIFEST)
  if (declared !== undefined && declared !== mediaType) throw fail(at(place, 'mediaType'), mediaType, declared)
  if (!isIndexType(mediaType) && !isManifestType(mediaType)) {
    throw fail(at(place, 'mediaType'), 'the type of an image manifest or index', mediaType)
  }
  if (isIndexType(mediaType) !== hasManifests) {
    throw failWith(
      place,
      isIndexType(mediaType) ? 'must be an index, got a manifest' : 'must be a manifest, got an index',
    )
  }
  return mediaType
}
