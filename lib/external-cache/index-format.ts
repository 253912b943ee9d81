// The index of a cache as JSON. It holds keys, digests and times: kilobytes, whatever the size of the layers.
import { TsbuildError } from '../base/errors.ts'
import { KEY_VERSION, type KeyPart } from '../cache/cache-key.ts'
import { isDigest, sha256 } from '../oci/digest.ts'
import { arrayAt, at, failWith, integerAt, type JsonLocation, objectAt, optional, stringAt } from '../oci/guard.ts'
import { type JsonValue, jsonBytes, parseJson } from '../oci/json.ts'
import { descriptorJson } from '../oci/manifest.ts'
import { parseDescriptor } from '../oci/parse-manifest.ts'
import type { CacheKey, DiffID } from '../oci/types.ts'
import type { CachedLayer, CacheIndex, CacheRecord } from './types.ts'

/** The media type of an index, which is the config of the cache's manifest. */
export const CACHE_INDEX = 'application/vnd.tsbuild.cache.index.v1+json'

/** The bytes that an index may have. */
export const INDEX_LIMIT: number = 16 << 20

/** The version of the format. An index of another version counts as empty. */
const VERSION = 1

export const EMPTY_INDEX: CacheIndex = { builds: [], records: [], layers: [] }

/** The bytes of an index. The same index gives the same bytes. */
export function encodeIndex({ builds, records, layers }: CacheIndex): Uint8Array {
  return jsonBytes({
    version: VERSION,
    keyVersion: KEY_VERSION,
    builds,
    records: [...records].sort((a, b) => (a.key < b.key ? -1 : 1)).map(recordJson),
    layers: [...layers]
      .sort((a, b) => (a.encoding.descriptor.digest < b.encoding.descriptor.digest ? -1 : 1))
      .map(layerJson),
  })
}

/**
 * Parses an index, which may come from anybody. Errors with `CACHE_INVALID`. An index of another version, of the
 * format or of keys, is empty.
 */
export function parseIndex(bytes: Uint8Array, what: string): CacheIndex {
  const location: JsonLocation = { code: 'CACHE_INVALID', what, path: '' }
  if (bytes.byteLength > INDEX_LIMIT) throw failWith(location, `has more than ${INDEX_LIMIT} bytes`)
  const object = objectAt(parseJson(bytes, location.code, what), location)
  const version = integerAt(object['version'], at(location, 'version'))
  if (version !== VERSION || object['keyVersion'] !== KEY_VERSION) return EMPTY_INDEX
  const index = {
    builds: arrayAt(object['builds'], at(location, 'builds'), timeAt),
    records: arrayAt(object['records'], at(location, 'records'), parseRecord),
    layers: arrayAt(object['layers'], at(location, 'layers'), parseLayer),
  }
  const held = new Set(index.layers.map(({ diffID }) => diffID))
  return { ...index, records: index.records.filter((record) => held.has(recordedLayer(record) as DiffID)) }
}

/** The diffID of a record's layer. */
export function recordedLayer({ result }: Pick<CacheRecord, 'result'>): DiffID | undefined {
  if (typeof result !== 'object' || result === null || !('diffID' in result)) return undefined
  const { diffID } = result as { readonly diffID?: unknown }
  return isDigest(diffID) ? (diffID as DiffID) : undefined
}

/**
 * The parts of a key with fingerprints for values. Values may be build args of a stage that is not part of the image,
 * and who reads a cache need not know them.
 */
export function fingerprints(parts: readonly KeyPart[]): readonly KeyPart[] {
  return parts.map(({ label, value }) => ({ label, value: FINGERPRINT.test(value) ? value : fingerprint(value) }))
}

const FINGERPRINT = /^#[0-9a-f]{16}$/

/** A value as an index has it. */
export function fingerprint(value: string): string {
  return `#${sha256(value).slice('sha256:'.length, 'sha256:'.length + 16)}`
}

/** A record as an index has it. */
export function recordJson({ key, step, created, used, parts, result }: CacheRecord): JsonValue {
  return { key, step, created, used, parts: parts.map(({ label, value }) => ({ label, value })), result }
}

function layerJson({ diffID, encoding: { algorithm, level, descriptor } }: CachedLayer): JsonValue {
  const { mediaType, digest, size } = descriptor
  return { diffID, algorithm, level, descriptor: descriptorJson({ mediaType, digest, size }) }
}

/** Parses one record of a cache. Errors as the location says. */
export function parseRecord(value: unknown, location: JsonLocation): CacheRecord {
  const object = objectAt(value, location)
  const result = objectAt(object['result'], at(location, 'result'))
  const owners = optional(result, 'owners', at(location, 'result'), stringAt)
  return {
    key: digestAt(object['key'], at(location, 'key')) as CacheKey,
    step: stringAt(object['step'], at(location, 'step')),
    created: timeAt(object['created'], at(location, 'created')),
    used: timeAt(object['used'], at(location, 'used')),
    parts: arrayAt(object['parts'], at(location, 'parts'), parsePart),
    result: { diffID: digestAt(result['diffID'], at(location, 'result')), ...owners },
  }
}

function parsePart(value: unknown, location: JsonLocation): KeyPart {
  const object = objectAt(value, location)
  return {
    label: stringAt(object['label'], at(location, 'label')),
    value: stringAt(object['value'], at(location, 'value')),
  }
}

function parseLayer(value: unknown, location: JsonLocation): CachedLayer {
  const object = objectAt(value, location)
  const algorithm = stringAt(object['algorithm'], at(location, 'algorithm'))
  if (algorithm !== 'gzip' && algorithm !== 'uncompressed' && algorithm !== 'zstd') {
    throw failWith(at(location, 'algorithm'), `must be gzip, zstd or uncompressed, got ${JSON.stringify(algorithm)}`)
  }
  const { mediaType, digest, size } = parseDescriptor(object['descriptor'], at(location, 'descriptor'))
  const level = optional(object, 'level', location, integerAt)
  const diffID = digestAt(object['diffID'], at(location, 'diffID')) as DiffID
  return { diffID, encoding: { algorithm, ...level, descriptor: { mediaType, digest, size } } }
}

function digestAt(value: unknown, location: JsonLocation): string {
  const text = stringAt(value, location)
  if (isDigest(text)) return text
  throw failWith(location, `must be a digest, got ${JSON.stringify(text.slice(0, 80))}`)
}

/** A time, which is compared as text: so it has to be in UTC. */
function timeAt(value: unknown, location: JsonLocation): string {
  const text = stringAt(value, location)
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text)) return text
  throw failWith(location, `must be a time in UTC, got ${JSON.stringify(text.slice(0, 80))}`)
}

/** The error for a place that a cache can't be read from or written to. */
export function cacheFailed(doing: string, cause: unknown): TsbuildError {
  const hint = cause instanceof TsbuildError ? cause.hint : undefined
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TsbuildError('CACHE_FAILED', `${doing}: ${reason}`, { hint, cause })
}
