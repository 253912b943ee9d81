// Recomputes all that an image says about itself.
import { createHash } from 'node:crypto'
import { type ErrorCode, TsbuildError } from '../base/errors.ts'
import { JSON_LIMIT } from '../base/input-limit.ts'
import { DETECT_LENGTH, detectCompression } from '../layers/decompress/compression-magic.ts'
import { decompress } from '../layers/decompress/decompress.ts'
import type { ContentReader } from '../oci/content.ts'
import { type Compression, compressionOf, isConfigType, isIndexType } from '../oci/media-types.ts'
import { parseConfig } from '../oci/parse-config.ts'
import { parseManifest } from '../oci/parse-manifest.ts'
import { formatPlatform, samePlatform } from '../oci/platform.ts'
import type { Descriptor, Digest, ImageConfig, ImageManifest } from '../oci/types.ts'

/** A difference between an image and its own description, or a part that cannot be compared. */
export interface ValidationProblem {
  readonly code: ErrorCode
  /** The digest of the blob that has the problem. */
  readonly digest: Digest
  readonly message: string
  readonly hint?: string
}

export interface ValidationReport {
  /** No problems, and nothing left unchecked. */
  readonly valid: boolean
  readonly problems: readonly ValidationProblem[]
  /** Parts that this program cannot check: layers with zstd dictionaries, diffIDs of other algorithms than sha256. */
  readonly unchecked: readonly ValidationProblem[]
  /** The number of distinct blobs that were read. */
  readonly blobs: number
  /** The sum of their sizes. */
  readonly bytes: number
}

export interface ValidateOptions {
  readonly signal?: AbortSignal | undefined
  /** Skip the images of an index whose manifest is absent, such as those of other platforms. Default false. */
  readonly skipMissing?: boolean
}

/**
 * Checks an image, or every image of an index: the digest and size of each blob, each layer's diffID by
 * decompressing it, the number of layers against diff_ids and history, media types, and the platform in the index
 * against the config's. Reports all mismatches and never throws for one; errors only with the signal's reason.
 *
 * @example
 * ```ts
 * import { build, openStore, resolveStored, validateImage } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['app:1'] })
 * const store = openStore()
 * const { descriptor } = await resolveStored(store, 'app:1')
 * const report = await validateImage(store, descriptor)
 * console.log(report.valid, report.problems.length) // true 0
 * ```
 */
export async function validateImage(
  reader: ContentReader,
  descriptor: Descriptor,
  options: ValidateOptions = {},
): Promise<ValidationReport> {
  const { signal, skipMissing = false } = options
  const validation: Validation = {
    reader,
    signal,
    skipMissing,
    problems: [],
    unchecked: [],
    diffIDs: new Map(),
    seen: new Map(),
    bytes: 0,
  }
  await validateManifest(validation, descriptor, 0)
  const { problems, unchecked, seen, bytes } = validation
  return { valid: problems.length === 0 && unchecked.length === 0, problems, unchecked, blobs: seen.size, bytes }
}

/** The state of one validation. */
interface Validation {
  readonly reader: ContentReader
  readonly signal: AbortSignal | undefined
  readonly skipMissing: boolean
  readonly problems: ValidationProblem[]
  readonly unchecked: ValidationProblem[]
  /** Computed diffIDs by blob digest; undefined where they could not be computed. */
  readonly diffIDs: Map<Digest, Digest | undefined>
  readonly seen: Map<Digest, number>
  bytes: number
}

async function validateManifest(validation: Validation, descriptor: Descriptor, depth: number): Promise<void> {
  const { digest } = descriptor
  if (depth > 4) return report(validation, 'MANIFEST_INVALID', digest, 'indexes are nested too deep')
  const what = `${isIndexType(descriptor.mediaType) ? 'index' : 'manifest'} ${digest}`
  const parsed = await attempt(validation, digest, async () =>
    parseManifest(await readJson(validation, descriptor), what, descriptor.mediaType),
  )
  if (!parsed) return
  if (parsed.kind === 'manifest') return validateParts(validation, descriptor, parsed.manifest)
  for (const entry of parsed.index.manifests) {
    if (validation.seen.has(entry.digest) || (validation.skipMissing && !validation.reader.has(entry.digest))) continue
    await validateManifest(validation, entry, depth + 1)
  }
}

async function validateParts(validation: Validation, descriptor: Descriptor, manifest: ImageManifest): Promise<void> {
  const { config: configDescriptor } = manifest
  // Attestations and other artifacts are not images: only the digests of their blobs are checked.
  const isImage = isConfigType(configDescriptor.mediaType)
  const config = await attempt(validation, configDescriptor.digest, async () => {
    const bytes = await readJson(validation, configDescriptor)
    return isImage ? parseConfig(bytes, `config ${configDescriptor.digest}`) : undefined
  })
  if (config) validateConfig(validation, descriptor, manifest, config)
  for (const [index, layer] of manifest.layers.entries()) {
    if (isImage && compressionOf(layer.mediaType) === undefined) reportMediaType(validation, index, layer)
    const diffID = await layerDiffID(validation, layer)
    const expected = config?.rootfs.diff_ids[index]
    if (diffID === undefined || expected === undefined || diffID === expected) continue
    if (!expected.startsWith('sha256:')) {
      const message = `layers[${index}]: the diffID ${expected} is not checked, since it is not a sha256`
      validation.unchecked.push({ code: 'UNSUPPORTED', digest: layer.digest, message })
      continue
    }
    report(validation, 'LAYER_INVALID', layer.digest, `layers[${index}]: expected diffID ${expected}, got ${diffID}`)
  }
}

function reportMediaType(validation: Validation, index: number, { mediaType, digest }: Descriptor): void {
  const type = JSON.stringify(mediaType)
  const message = mediaType.endsWith('+encrypted')
    ? `layers[${index}] is encrypted: its media type is ${type}`
    : `layers[${index}] has the unknown media type ${type}`
  report(validation, 'IMAGE_INVALID', digest, message)
}

function validateConfig(
  validation: Validation,
  descriptor: Descriptor,
  manifest: ImageManifest,
  config: ImageConfig,
): void {
  const { digest } = manifest.config
  const layers = manifest.layers.length
  const diffIDs = config.rootfs.diff_ids.length
  if (diffIDs !== layers) report(validation, 'IMAGE_INVALID', digest, `expected ${layers} diff_ids, got ${diffIDs}`)
  const filled = config.history?.filter((entry) => !entry.empty_layer).length
  if (filled !== undefined && filled !== layers) {
    report(validation, 'IMAGE_INVALID', digest, `expected ${layers} history entries with a layer, got ${filled}`)
  }
  for (const field of ['os', 'architecture'] as const) {
    if (config[field] === '') report(validation, 'IMAGE_INVALID', digest, `${field} is empty`)
  }
  if (!descriptor.platform || samePlatform(descriptor.platform, config)) return
  const message = `expected platform ${formatPlatform(descriptor.platform)} as the index says, got ${formatPlatform(config)}`
  report(validation, 'IMAGE_INVALID', digest, message)
}

async function readJson(validation: Validation, descriptor: Descriptor): Promise<Uint8Array> {
  count(validation, descriptor)
  validation.signal?.throwIfAborted()
  return validation.reader.read(descriptor, JSON_LIMIT)
}

/**
 * The digest of a layer's plain tar; undefined for a blob that is no layer, and after a problem. Reads and verifies
 * the blob.
 */
async function layerDiffID(validation: Validation, layer: Descriptor): Promise<Digest | undefined> {
  if (validation.diffIDs.has(layer.digest)) return validation.diffIDs.get(layer.digest)
  const diffID = await attempt(validation, layer.digest, () => hashPlain(validation, layer))
  validation.diffIDs.set(layer.digest, diffID)
  return diffID
}

async function hashPlain(validation: Validation, layer: Descriptor): Promise<Digest | undefined> {
  count(validation, layer)
  const { reader, signal } = validation
  const source = reader.open(layer, signal)
  const compression = compressionOf(layer.mediaType)
  const hasher = createHash('sha256')
  if (compression !== 'gzip' && compression !== 'zstd') {
    for await (const chunk of source) hasher.update(chunk)
    return compression && `sha256:${hasher.digest('hex')}`
  }
  try {
    for await (const chunk of decompressAs(compression, source)) hasher.update(chunk)
  } catch (error) {
    if (!(error instanceof TsbuildError) || error.code !== 'ARCHIVE_UNSUPPORTED') throw error
    // The decoder stopped before the end, so the blob's own digest is not verified yet.
    for await (const _ of reader.open(layer, signal)) signal?.throwIfAborted()
    const { code, hint } = error
    const message = `the diffID is not checked: ${error.message}`
    validation.unchecked.push({ code, digest: layer.digest, message, ...(hint !== undefined && { hint }) })
    return undefined
  }
  return `sha256:${hasher.digest('hex')}`
}

/**
 * The plain bytes. Errors with `LAYER_INVALID` if the source is not compressed as its media type says, else as
 * decompress().
 */
async function* decompressAs(
  compression: Exclude<Compression, 'uncompressed'>,
  source: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  let head = Buffer.alloc(0)
  async function* watched(): AsyncIterable<Uint8Array> {
    for await (const chunk of source) {
      if (head.length < DETECT_LENGTH) head = Buffer.concat([head, chunk.subarray(0, DETECT_LENGTH - head.length)])
      yield chunk
    }
  }
  yield* decompress(watched())
  const found = detectCompression(head)
  if (found === compression) return
  throw new TsbuildError(
    'LAYER_INVALID',
    `expected ${compression} data, as the media type says, got ${found ?? 'none'}`,
  )
}

function count(validation: Validation, descriptor: Descriptor): void {
  if (validation.seen.has(descriptor.digest)) return
  validation.seen.set(descriptor.digest, descriptor.size)
  validation.bytes += descriptor.size
}

/** Runs a check. An error about the image becomes a problem, and the result undefined. */
async function attempt<T>(validation: Validation, digest: Digest, check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check()
  } catch (error) {
    validation.signal?.throwIfAborted()
    if (!(error instanceof TsbuildError)) throw error
    if (error.code === 'ARCHIVE_INVALID')
      report(validation, 'LAYER_INVALID', digest, `can not be decompressed: ${error.message}`)
    else report(validation, error.code, digest, error.message)
    return undefined
  }
}

function report(validation: Validation, code: ErrorCode, digest: Digest, message: string): void {
  validation.problems.push({ code, digest, message })
}
