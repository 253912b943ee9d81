// Parses the values of --cache-from and --cache-to, as docker buildx does.
import { TsbuildError } from '../../base/errors.ts'
import { suggest } from '../../base/suggest.ts'
import { isDigest } from '../../oci/digest.ts'
import { parseReference } from '../../oci/reference.ts'
import { readCsv } from '../../parser/instructions/csv.ts'
import { parseSize } from '../../parser/instructions/parse-size.ts'
import type { CompressionOption } from '../build-options.ts'
import type { CacheSource, CacheTarget, CacheTargetOptions } from './cache-options.ts'

/**
 * Parses `type=registry,ref=NAME`, `type=local,src=DIR[,tag=TAG][,digest=DIGEST]`, or names of images. Nothing is given
 * by an empty text. Errors with `OPTION_INVALID`, with `UNSUPPORTED` for types that only BuildKit has, and with
 * `REFERENCE_INVALID`.
 */
export function parseCacheFrom(text: string): readonly CacheSource[] {
  return names(text)?.map((ref) => ({ type: 'registry', ref })) ?? [parseSource(text)]
}

function parseSource(text: string): CacheSource {
  const flag = 'cache-from'
  const fields = readFields(flag, text)
  switch (fields.get('type')) {
    case 'registry':
      checkKeys(flag, text, fields, ['ref'])
      return { type: 'registry', ref: checked(required(flag, text, fields, 'ref')) }
    case 'local': {
      checkKeys(flag, text, fields, ['src', 'tag', 'digest'])
      const [tag, digest] = [fields.get('tag'), fields.get('digest')]
      if (digest && !isDigest(digest)) throw invalid(flag, text, `${JSON.stringify(digest)} is no digest`)
      const src = required(flag, text, fields, 'src')
      return { type: 'local', src, ...(tag && { tag }), ...(digest && { digest }) }
    }
    case 'inline':
      throw invalid(flag, text, 'an inline cache is part of an image', 'write type=registry,ref=IMAGE')
    default:
      throw unknownType(flag, text, fields, ['registry', 'local'])
  }
}

/**
 * Parses `type=registry,ref=NAME[,…]`, `type=local,dest=DIR[,…]`, `type=inline`, or names of caches in registries.
 * Errors as {@link parseCacheFrom} does.
 */
export function parseCacheTo(text: string): readonly CacheTarget[] {
  return names(text)?.map((ref) => ({ type: 'registry', ref })) ?? [parseTarget(text)]
}

function parseTarget(text: string): CacheTarget {
  const flag = 'cache-to'
  const fields = readFields(flag, text)
  switch (fields.get('type')) {
    case 'inline':
      checkKeys(flag, text, fields, [])
      return { type: 'inline' }
    case 'registry':
      checkKeys(flag, text, fields, ['ref', ...TARGET_KEYS])
      return { type: 'registry', ref: checked(required(flag, text, fields, 'ref')), ...targetOptions(text, fields) }
    case 'local': {
      checkKeys(flag, text, fields, ['dest', 'tag', 'reset', ...TARGET_KEYS])
      const tag = fields.get('tag')
      const reset = parseBoolean(text, fields, 'reset')
      const dest = required(flag, text, fields, 'dest')
      return { type: 'local', dest, ...(tag && { tag }), ...(reset && { reset }), ...targetOptions(text, fields) }
    }
    default:
      throw unknownType(flag, text, fields, ['registry', 'local', 'inline'])
  }
}

type Flag = 'cache-from' | 'cache-to'
type Fields = ReadonlyMap<string, string>

const TARGET_KEYS = [
  'mode',
  'compression',
  'compression-level',
  'force-compression',
  'image-manifest',
  'oci-mediatypes',
  'ignore-error',
  'keep',
  'max-size',
]

/** The types of BuildKit that there aren't. */
const FOREIGN_TYPES = ['gha', 's3', 'azblob']

function targetOptions(text: string, fields: Fields): CacheTargetOptions {
  const flag = 'cache-to'
  const mode = fields.get('mode') ?? 'min'
  if (mode !== 'min' && mode !== 'max')
    throw invalid(flag, text, `mode must be min or max, not ${JSON.stringify(mode)}`)
  refuseValue(text, fields, 'image-manifest', false, 'a cache is always an image manifest, which every registry takes')
  refuseValue(text, fields, 'oci-mediatypes', false, 'a cache is always of the media types of OCI')
  refuseValue(text, fields, 'force-compression', true, 'layers stay as they are in the image')
  const keep = fields.get('keep')
  if (keep !== undefined && !/^[1-9]\d{0,3}$/.test(keep)) {
    throw invalid(flag, text, `keep must be a number from 1 to 9999, not ${JSON.stringify(keep)}`)
  }
  const given = fields.get('max-size')
  const maxSize = given === undefined ? undefined : parseSize(given)
  if (given !== undefined && !maxSize)
    throw invalid(flag, text, `max-size must be a size like 2gb, not ${JSON.stringify(given)}`)
  const ignoreError = parseBoolean(text, fields, 'ignore-error')
  const compression = parseCompression(text, fields)
  return {
    mode,
    ...(compression && { compression }),
    ...(keep !== undefined && { keep: Number(keep) }),
    ...(maxSize && { maxSize }),
    ...(ignoreError !== undefined && { ignoreError }),
  }
}

function parseCompression(text: string, fields: Fields): CompressionOption | undefined {
  const [algorithm, level] = [fields.get('compression'), fields.get('compression-level')]
  if (level !== undefined && !/^\d$/.test(level)) {
    throw invalid('cache-to', text, `compression-level must be 0 to 9, not ${JSON.stringify(level)}`)
  }
  if (algorithm === 'uncompressed' && level === undefined) return { algorithm }
  if (algorithm === 'gzip' || (algorithm === undefined && level !== undefined)) {
    return { algorithm: 'gzip', ...(level !== undefined && { level: Number(level) }) }
  }
  if (algorithm === undefined) return undefined
  const hint = 'layers can be compressed with gzip, or be uncompressed'
  if (['zstd', 'estargz'].includes(algorithm)) {
    throw new TsbuildError('UNSUPPORTED', `--cache-to: compression=${algorithm} is not supported`, { hint })
  }
  throw invalid('cache-to', text, `unknown compression ${JSON.stringify(algorithm)}`, hint)
}

function readFields(flag: Flag, text: string): Fields {
  const csv = readCsv(text)
  if (typeof csv === 'string') throw invalid(flag, text, csv)
  const fields = new Map<string, string>()
  for (const { value } of csv) {
    const equals = value.indexOf('=')
    if (equals === -1) throw invalid(flag, text, `expected key=value, got ${JSON.stringify(value)}`)
    fields.set(value.slice(0, equals).trim().toLowerCase(), value.slice(equals + 1))
  }
  return fields
}

function checkKeys(flag: Flag, text: string, fields: Fields, keys: readonly string[]): void {
  const unknown = [...fields.keys()].find((key) => key !== 'type' && !keys.includes(key))
  if (unknown === undefined) return
  const near = suggest(unknown, keys)
  const known = keys.length > 0 ? `keys of type=${fields.get('type')} are ${keys.join(', ')}` : 'it has no keys'
  const hint = near ? `did you mean ${JSON.stringify(near)}?` : known
  throw invalid(flag, text, `unknown key ${JSON.stringify(unknown)}`, hint)
}

function required(flag: Flag, text: string, fields: Fields, key: string): string {
  const value = fields.get(key)
  if (value) return value
  throw invalid(flag, text, `${key} is missing`, `write type=${fields.get('type')},${key}=…`)
}

function unknownType(flag: Flag, text: string, fields: Fields, types: readonly string[]): TsbuildError {
  const type = fields.get('type')
  if (!type) return invalid(flag, text, 'type is missing', `write type=${types[0]},…`)
  const hint = `types are ${types.join(', ')}`
  if (FOREIGN_TYPES.includes(type)) {
    return new TsbuildError('UNSUPPORTED', `--${flag}: type=${type} is not supported`, { hint })
  }
  const near = suggest(type, types)
  return invalid(
    flag,
    text,
    `unknown type ${JSON.stringify(type)}`,
    near ? `did you mean ${JSON.stringify(near)}?` : hint,
  )
}

function parseBoolean(text: string, fields: Fields, key: string): boolean | undefined {
  const value = fields.get(key)?.toLowerCase()
  if (value === undefined) return undefined
  if (['true', '1', 't'].includes(value)) return true
  if (['false', '0', 'f'].includes(value)) return false
  throw invalid('cache-to', text, `${key} must be true or false, not ${JSON.stringify(value)}`)
}

function refuseValue(text: string, fields: Fields, key: string, refused: boolean, why: string): void {
  if (parseBoolean(text, fields, key) !== refused) return
  throw new TsbuildError('UNSUPPORTED', `--cache-to: ${key}=${refused} is not supported: ${why}`)
}

/** The names of a value that consists of names alone, as in `--cache-from app:1,app:2`. */
function names(text: string): readonly string[] | undefined {
  if (text === '') return []
  return text.includes('=') ? undefined : text.split(',').map(checked)
}

function checked(name: string): string {
  parseReference(name)
  return name
}

function invalid(flag: Flag, text: string, problem: string, hint?: string): TsbuildError {
  return new TsbuildError('OPTION_INVALID', `--${flag} can't be ${JSON.stringify(text)}: ${problem}`, { hint })
}
