// Parses the values of `-o`, as docker buildx does.
import { TsbuildError } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import { normaliseName } from '../oci/reference.ts'
import { csvFields } from './csv-fields.ts'
import type { CompressionOption, Output } from './output.ts'

/**
 * Parses `DIR` (files below a directory), `-` (a tar to standard output) or `type=…,key=value,…`. Errors with
 * `OUTPUT_INVALID`, with `UNSUPPORTED` for features that only docker buildx has, and with `REFERENCE_INVALID`
 * for a bad `name`.
 */
export function parseOutput(value: string): Output {
  if (value === '') throw invalid(value, 'it is empty')
  const fields = csvFields(value)
  if (fields.length === 1 && fields[0] === value && !value.startsWith('type=')) {
    return value === '-' ? { type: 'tar', dest: '-' } : { type: 'local', dest: value }
  }
  const attributes = new Map<string, string>()
  for (const field of fields) {
    const equals = field.indexOf('=')
    if (equals === -1) throw invalid(value, `expected key=value, got ${JSON.stringify(field)}`)
    attributes.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1))
  }
  return toOutput(value, attributes)
}

type Attributes = ReadonlyMap<string, string>

const IMAGE_KEYS = ['tar', 'name', 'compression', 'compression-level']
const KEYS: Readonly<Record<Output['type'], readonly string[]>> = {
  registry: ['name', 'push-by-digest', 'name-canonical', 'compression', 'compression-level'],
  oci: IMAGE_KEYS,
  docker: IMAGE_KEYS,
  local: ['platform-split'],
  tar: ['platform-split'],
}

/**
 * Keys of docker buildx that are unsupported, each with the value that asks for the behaviour that exists, if
 * there is one.
 */
const FOREIGN_KEYS: ReadonlyMap<string, string | undefined> = new Map([
  ['oci-mediatypes', 'true'],
  ['oci-artifact', 'false'],
  ['force-compression', 'false'],
  // If SOURCE_DATE_EPOCH is set, all layers have that time; otherwise BuildKit rewrites nothing.
  ['rewrite-timestamp', 'true'],
  ['prefer-nondist-layers', 'false'],
  ['platform-split', 'false'],
  ['push', 'false'],
  ['push-by-digest', 'false'],
  ['unpack', 'false'],
  ['name-canonical', 'false'],
  ['attestation-inline', 'false'],
  ['attestation-prefix', undefined],
  ['context', undefined],
  ['store', undefined],
  ['registry.insecure', undefined],
  ['dangling-name-prefix', undefined],
])

const FOREIGN_TYPES: ReadonlyMap<string, string> = new Map([
  ['image', 'use -t NAME to keep the image in the local store, or type=registry to push it'],
  ['cacheonly', 'remove -o: the result is then kept in the local store only'],
])

function toOutput(value: string, attributes: Attributes): Output {
  const type = attributes.get('type')
  if (type === undefined || type === '') throw invalid(value, 'type is missing', 'write it as in type=oci,dest=app.tar')
  switch (type) {
    case 'oci':
      checkKeys(value, type, attributes)
      return { type, ...imageOptions(value, attributes) }
    case 'docker': {
      checkKeys(value, type, attributes)
      const { tar, ...options } = imageOptions(value, attributes)
      if (tar !== false) return { type, ...options }
      throw unsupported(value, 'tar=false for type=docker', 'type=oci,tar=false writes a directory')
    }
    case 'local':
      checkKeys(value, type, attributes)
      return { type, dest: directory(value, attributes), ...platformSplit(value, attributes) }
    case 'tar':
      checkKeys(value, type, attributes)
      return { type, dest: attributes.get('dest') || '-', ...platformSplit(value, attributes) }
    case 'image':
      // As in buildx, type=registry is short for this.
      if (!parseBoolean(value, 'push', attributes.get('push'))) break
      return toOutput(value, new Map([...attributes, ['type', 'registry']]))
    case 'registry': {
      checkKeys(value, type, attributes)
      const pushByDigest = parseBoolean(value, 'push-by-digest', attributes.get('push-by-digest'))
      // This key asks a daemon to list name@digest in its image store. It is checked, and has no effect here.
      parseBoolean(value, 'name-canonical', attributes.get('name-canonical'))
      return { type, ...namedOptions(value, attributes), ...(pushByDigest && { pushByDigest }) }
    }
  }
  const foreign = FOREIGN_TYPES.get(type)
  if (foreign) throw unsupported(value, `type=${type}`, foreign)
  const near = suggest(type, [...Object.keys(KEYS), ...FOREIGN_TYPES.keys()])
  const hint = near ? `did you mean ${JSON.stringify(near)}?` : 'types are registry, oci, docker, local and tar'
  throw invalid(value, `unknown type ${JSON.stringify(type)}`, hint)
}

function checkKeys(value: string, type: Output['type'], attributes: Attributes): void {
  const known = ['type', ...(type === 'registry' ? [] : ['dest']), ...KEYS[type]]
  for (const [key, given] of attributes) {
    if (known.includes(key)) continue
    if (type === 'registry' && key === 'push') {
      if (parseBoolean(value, key, given) !== false) continue
      throw unsupported(value, 'push=false for type=registry')
    }
    if (FOREIGN_KEYS.has(key)) {
      if (FOREIGN_KEYS.get(key) === given.toLowerCase()) continue
      throw unsupported(value, `${key}=${given}`)
    }
    if (/^(?:annotation|annotation-.+)\./.test(key)) throw unsupported(value, key)
    if (IMAGE_KEYS.includes(key)) throw invalid(value, `${key} does not apply to type=${type}`)
    const near = suggest(key, known)
    const hint = near ? `did you mean ${JSON.stringify(near)}?` : `keys of type=${type} are ${known.join(', ')}`
    throw invalid(value, `unknown key ${JSON.stringify(key)}`, hint)
  }
}

interface ImageOptions {
  readonly dest: string
  readonly tar?: boolean
  readonly name?: string
  readonly compression?: CompressionOption
}

function imageOptions(value: string, attributes: Attributes): ImageOptions {
  const tar = parseBoolean(value, 'tar', attributes.get('tar'))
  return {
    dest: tar === false ? directory(value, attributes) : imageFile(value, attributes),
    ...(tar === undefined ? {} : { tar }),
    ...namedOptions(value, attributes),
  }
}

function namedOptions(value: string, attributes: Attributes): Pick<ImageOptions, 'name' | 'compression'> {
  const name = attributes.get('name')
  const compression = parseCompression(value, attributes)
  if (name) for (const one of name.split(',')) normaliseName(one)
  return { ...(name ? { name } : {}), ...(compression ? { compression } : {}) }
}

function directory(value: string, attributes: Attributes): string {
  const dest = attributes.get('dest')
  if (!dest) throw invalid(value, 'dest is missing', 'add dest=DIR')
  if (dest === '-') throw invalid(value, 'a directory cannot be written to standard output')
  return dest
}

function platformSplit(value: string, attributes: Attributes): { readonly platformSplit?: boolean } {
  const given = parseBoolean(value, 'platform-split', attributes.get('platform-split'))
  return given === undefined ? {} : { platformSplit: given }
}

function imageFile(value: string, attributes: Attributes): string {
  const dest = attributes.get('dest')
  if (dest) return dest
  if (attributes.get('type') !== 'docker') return '-'
  throw unsupported(
    value,
    'type=docker without dest, which loads the image into Docker,',
    'write an archive with dest=FILE, or pipe it: -o type=docker,dest=- | docker load',
  )
}

function parseCompression(value: string, attributes: Attributes): CompressionOption | undefined {
  const algorithm = attributes.get('compression') || undefined
  const level = parseLevel(value, attributes.get('compression-level'))
  switch (algorithm) {
    case undefined:
      return level === undefined ? undefined : { algorithm: 'gzip', level }
    case 'gzip':
      return level === undefined ? { algorithm } : { algorithm, level }
    case 'uncompressed':
      if (level === undefined) return { algorithm }
      throw invalid(value, 'compression-level does not apply to compression=uncompressed')
    case 'zstd':
    case 'estargz':
      throw unsupported(value, `compression=${algorithm}`, 'use compression=gzip or compression=uncompressed')
  }
  const near = suggest(algorithm, ['gzip', 'uncompressed', 'zstd', 'estargz'])
  const hint = near ? `did you mean ${JSON.stringify(near)}?` : 'use gzip or uncompressed'
  throw invalid(value, `unknown compression ${JSON.stringify(algorithm)}`, hint)
}

function parseLevel(value: string, level: string | undefined): number | undefined {
  if (!level) return undefined
  if (/^[0-9]$/.test(level)) return Number(level)
  throw invalid(value, `compression-level must be 0 to 9, got ${JSON.stringify(level)}`)
}

/** Parses a boolean as Go's strconv.ParseBool does. An empty text counts as not given. */
function parseBoolean(value: string, key: string, text: string | undefined): boolean | undefined {
  if (!text) return undefined
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false
  throw invalid(value, `${key} must be true or false, got ${JSON.stringify(text)}`)
}

function invalid(value: string, problem: string, hint?: string): TsbuildError {
  return new TsbuildError('OUTPUT_INVALID', `invalid output ${JSON.stringify(value)}: ${problem}`, { hint })
}

function unsupported(value: string, feature: string, hint?: string): TsbuildError {
  return new TsbuildError('UNSUPPORTED', `output ${JSON.stringify(value)}: ${feature} is not supported`, { hint })
}
