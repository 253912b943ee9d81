// Recomputes everything that an image claims about itself.
import { createHash } from 'node:crypto'
import { pipeline, Readable, type Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { createGunzip } from 'node:zlib'
import { type ErrorCode, TsbuildError } from '../base/errors.ts'
import { JSON_LIMIT } from '../base/input-limit.ts'
import type { ContentReader } from '../oci/content.ts'
import { compressionOf, isConfigType, isIndexType } from '../oci/media-types.ts'
import { parseConfig } from '../oci/parse-config.ts'
import { parseManifest } from '../oci/parse-manifest.ts'
import { formatPlatform, samePlatform } from '../oci/platform.ts'
import type { Descriptor, Digest, ImageConfig, ImageManifest } from '../oci/types.ts'

/** Something that is not as the image says. */
export interface ValidationProblem {
  readonly code: ErrorCode
  /** Digest of the blob it was found in or about. */
  readonly digest: Digest
  readonly message: string
}

export interface ValidationReport {
  /** No problems, and nothing left unchecked. */
  readonly valid: boolean
  readonly problems: readonly ValidationProblem[]
  /** What could not be checked here, in words: layers in a compression that this Node.js can't read. */
  readonly unchecked: readonly string[]
  /** Distinct blobs read, and their bytes. */
  readonly blobs: number
  readonly bytes: number
}

export interface ValidateOptions {
  readonly signal?: AbortSignal | undefined
  /** Images of an index whose manifest is not there are no problem: of another platform, say. Default false. */
  readonly skipMissing?: boolean
}

/**
 * Checks an image, or every image of an index: the digest and size of each blob, each layer's diffID by decompressing it, the
 * number of layers against diff_ids and history, media types, and the platform in the index against the config's. Reports all
 * mismatches and never throws for one; errors only with the signal's reason.
 */
export async function validateImage(
  reader: ContentReader,
  descriptor: Descriptor,
  options: ValidateOptions = {},
): Promise<ValidationReport> {
  const { signal, skipMissing = false } = options
  const state: State = {
    reader,
    signal,
    skipMissing,
    problems: [],
    unchecked: [],
    diffIDs: new Map(),
    seen: new Map(),
    bytes: 0,
  }
  await validateManifest(state, descriptor, 0)
  const { problems, unchecked, seen, bytes } = state
  return { valid: problems.length === 0 && unchecked.length === 0, problems, unchecked, blobs: seen.size, bytes }
}

interface State {
  readonly reader: ContentReader
  readonly signal: AbortSignal | undefined
  readonly skipMissing: boolean
  readonly problems: ValidationProblem[]
  readonly unchecked: string[]
  /** Computed diffIDs by blob digest; undefined where they could not be computed. */
  readonly diffIDs: Map<Digest, Digest | undefined>
  readonly seen: Map<Digest, number>
  bytes: number
}

async function validateManifest(state: State, descriptor: Descriptor, depth: number): Promise<void> {
  const { digest } = descriptor
  if (depth > 4) return report(state, 'MANIFEST_INVALID', digest, 'indexes are nested too deep')
  const what = `${isIndexType(descriptor.mediaType) ? 'index' : 'manifest'} ${digest}`
  const parsed = await attempt(state, digest, async () =>
    parseManifest(await readJson(state, descriptor), what, descriptor.mediaType),
  )
  if (!parsed) return
  if (parsed.kind === 'manifest') return validateParts(state, descriptor, parsed.manifest)
  for (const entry of parsed.index.manifests) {
    if (state.seen.has(entry.digest) || (state.skipMissing && !state.reader.has(entry.digest))) continue
    await validateManifest(state, entry, depth + 1)
  }
}

async function validateParts(state: State, descriptor: Descriptor, manifest: ImageManifest): Promise<void> {
  const { config: configDescriptor } = manifest
  // An attestation or another artifact: its blobs are checked, but it is no image.
  const isImage = isConfigType(configDescriptor.mediaType)
  const config = await attempt(state, configDescriptor.digest, async () => {
    const bytes = await readJson(state, configDescriptor)
    return isImage ? parseConfig(bytes, `config ${configDescriptor.digest}`) : undefined
  })
  if (config) validateConfig(state, descriptor, manifest, config)
  for (const [index, layer] of manifest.layers.entries()) {
    if (isImage && compressionOf(layer.mediaType) === undefined) {
      const type = JSON.stringify(layer.mediaType)
      report(state, 'IMAGE_INVALID', layer.digest, `layers[${index}] has the unknown media type ${type}`)
    }
    const diffID = await layerDiffID(state, layer)
    const expected = config?.rootfs.diff_ids[index]
    if (diffID === undefined || expected === undefined || diffID === expected) continue
    const message = `layers[${index}]: expected diffID ${expected}, got ${diffID}`
    report(state, 'LAYER_INVALID', layer.digest, message)
  }
}

function validateConfig(state: State, descriptor: Descriptor, manifest: ImageManifest, config: ImageConfig): void {
  const { digest } = manifest.config
  const layers = manifest.layers.length
  const diffIDs = config.rootfs.diff_ids.length
  if (diffIDs !== layers) report(state, 'IMAGE_INVALID', digest, `expected ${layers} diff_ids, got ${diffIDs}`)
  const filled = config.history?.filter((entry) => !entry.empty_layer).length
  if (filled !== undefined && filled !== layers) {
    report(state, 'IMAGE_INVALID', digest, `expected ${layers} history entries with a layer, got ${filled}`)
  }
  for (const field of ['os', 'architecture'] as const) {
    if (config[field] === '') report(state, 'IMAGE_INVALID', digest, `${field} is empty`)
  }
  if (!descriptor.platform || samePlatform(descriptor.platform, config)) return
  const message = `expected platform ${formatPlatform(descriptor.platform)} as the index says, got ${formatPlatform(config)}`
  report(state, 'IMAGE_INVALID', digest, message)
}

async function readJson(state: State, descriptor: Descriptor): Promise<Uint8Array> {
  count(state, descriptor)
  state.signal?.throwIfAborted()
  return state.reader.read(descriptor, JSON_LIMIT)
}

/** Reads a whole layer, verified, and gives the digest of its plain tar, or undefined if a problem was reported. */
async function layerDiffID(state: State, layer: Descriptor): Promise<Digest | undefined> {
  if (state.diffIDs.has(layer.digest)) return state.diffIDs.get(layer.digest)
  const diffID = await attempt(state, layer.digest, () => hashPlain(state, layer))
  state.diffIDs.set(layer.digest, diffID)
  return diffID
}

async function hashPlain(state: State, layer: Descriptor): Promise<Digest | undefined> {
  count(state, layer)
  const source = state.reader.open(layer, state.signal)
  const compression = compressionOf(layer.mediaType)
  const decompress =
    compression === 'gzip' ? createGunzip({ chunkSize: 1 << 18 }) : compression === 'zstd' ? zstd() : undefined
  if (compression === 'zstd' && !decompress) {
    for await (const _ of source) state.signal?.throwIfAborted()
    state.unchecked.push(`diffID of layer ${layer.digest}: this Node.js has no zstd`)
    return undefined
  }
  const hasher = createHash('sha256')
  for await (const chunk of decompress ? decompressed(source, decompress) : source) hasher.update(chunk)
  return compression ? `sha256:${hasher.digest('hex')}` : undefined
}

async function* decompressed(source: AsyncIterable<Uint8Array>, transform: Transform): AsyncIterable<Uint8Array> {
  // The error of the source is the better one: the transform then only fails because its input ended.
  let failure: unknown
  const output = pipeline(Readable.from(source, { objectMode: false }), transform, (error) => {
    failure = error
  })
  try {
    yield* output
  } catch (error) {
    throw failure ?? error
  }
}

/** Node.js has zstd since 22.15. */
function zstd(): Transform | undefined {
  const create: unknown = 'createZstdDecompress' in zlib ? zlib.createZstdDecompress : undefined
  return typeof create === 'function' ? (create as () => Transform)() : undefined
}

function count(state: State, descriptor: Descriptor): void {
  if (state.seen.has(descriptor.digest)) return
  state.seen.set(descriptor.digest, descriptor.size)
  state.bytes += descriptor.size
}

/** Runs a check; an error that says something about the image becomes a problem, and the result undefined. */
async function attempt<T>(state: State, digest: Digest, check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check()
  } catch (error) {
    state.signal?.throwIfAborted()
    if (error instanceof TsbuildError) report(state, error.code, digest, error.message)
    else if (isZlibError(error)) report(state, 'LAYER_INVALID', digest, `can not be decompressed: ${error.message}`)
    else throw error
    return undefined
  }
}

function isZlibError(error: unknown): error is Error {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^(?:Z_|ZSTD_|ERR_ZLIB|ERR__ERROR_FORMAT)/.test(error.code)
  )
}

function report(state: State, code: ErrorCode, digest: Digest, message: string): void {
  state.problems.push({ code, digest, message })
}
