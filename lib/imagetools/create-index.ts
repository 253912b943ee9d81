// Joins images that separate jobs pushed: `imagetools create`.
import { TsbuildError } from '../base/errors.ts'
import { sha256 } from '../oci/digest.ts'
import { filterPlatforms } from '../oci/filter-platforms.ts'
import { annotateIndex, type IndexAnnotation } from '../oci/index-annotation.ts'
import { imageIndexBytes } from '../oci/manifest.ts'
import { DOCKER_INDEX, OCI_INDEX } from '../oci/media-types.ts'
import { parsePlatform } from '../oci/platform.ts'
import { familiarReference, parseReference, type Reference, withDefaultTag } from '../oci/reference.ts'
import type { Descriptor, ImageIndex, Platform } from '../oci/types.ts'
import { openRegistryClient, type RegistryClient, type RegistryOptions } from '../registry/client.ts'
import { inParallel } from '../registry/in-parallel.ts'
import type { TransferOptions } from '../registry/pull/pull-blobs.ts'
import { type IndexSource, parseIndexSource, readIndexSource, type WrittenSource } from './index-source.ts'
import { mergeManifests, type ReplacedManifest } from './merge-manifests.ts'
import { type IndexCopy, pushIndex } from './push-index.ts'

export interface CreateIndexOptions extends TransferOptions, RegistryOptions {
  /** The names to push the index as. */
  readonly names?: readonly string[]
  /** Create the index without pushing it. */
  readonly dryRun?: boolean
  /** Add to the index that the first name leads to now. */
  readonly append?: boolean
  readonly annotations?: readonly IndexAnnotation[]
  /** Keep only these platforms: `os/arch[/variant]`. */
  readonly platforms?: readonly string[]
  /**
   * Whether a single image becomes an index of one. Default true. With false it is copied unchanged; a single index
   * always is.
   */
  readonly preferIndex?: boolean
}

/** An index made of other images, or the one image or index that was copied. */
export interface CreatedIndex extends IndexCopy {
  /** The names in short form. */
  readonly names: readonly string[]
  /** The full names of their repositories, each once, sorted. */
  readonly repositories: readonly string[]
  readonly descriptor: Descriptor
  /** The bytes that the registry has under the digest. */
  readonly bytes: Uint8Array
  readonly replaced: readonly ReplacedManifest[]
}

/**
 * Joins images and indexes into one index, and pushes it. A source is a name in a registry, `oci-layout://DIR[:TAG]`,
 * a digest (if the other names share one repository), or a descriptor as JSON, whose platform and annotations take
 * precedence. Images of other repositories are mounted or copied without touching the disk. A later image replaces an
 * earlier one of the same platform. Errors with `OPTION_INVALID`, `IMAGE_NOT_FOUND`, `PLATFORM_NOT_FOUND`,
 * `REGISTRY_AUTH`, and as requests do.
 *
 * @example
 * ```ts
 * import { build, createIndex, openStore, pushImage } from '@tsbuild/tsbuild'
 *
 * const context = new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']])
 * await build({ context, tags: ['localhost:5000/app:amd64'] })
 * await pushImage(openStore(), 'localhost:5000/app:amd64')
 * const { names } = await createIndex(['localhost:5000/app:amd64'], { names: ['localhost:5000/app:latest'] })
 * console.log(names[0]) // localhost:5000/app:latest
 * ```
 */
export async function createIndex(sources: readonly string[], options: CreateIndexOptions = {}): Promise<CreatedIndex> {
  const { names = [], append = false, dryRun = false, signal, onProgress, ...rest } = options
  const targets = names.map(parseTarget)
  const written = [...(append ? names.slice(0, 1) : []), ...sources].map(parseIndexSource)
  if (names.length === 0 && (append || !dryRun)) {
    throw new TsbuildError('OPTION_INVALID', `there is no name to ${append ? 'append to' : 'push the index as'}`)
  }
  if (written.length === 0) throw new TsbuildError('OPTION_INVALID', 'there is nothing to make an index of')
  const client = openRegistryClient(rest)
  try {
    const read = await readSources(written, targets, { client, append, signal })
    const created = combine(read, { ...options, platforms: (options.platforms ?? []).map(parsePlatform) })
    const copy = await pushIndex(created, read, dryRun ? [] : targets, { client, signal, onProgress })
    const { descriptor, bytes, replaced } = created
    const repositories = [...new Set(targets.map(repositoryOf))].sort()
    return { ...copy, descriptor, bytes, replaced, repositories, names: targets.map(familiarReference) }
  } finally {
    await client.close()
  }
}

function parseTarget(name: string): Reference {
  if (!name.startsWith('oci-layout://')) return withDefaultTag(parseReference(name))
  throw new TsbuildError('UNSUPPORTED', `an index can't be written to ${JSON.stringify(name)}, only pushed`, {
    hint: 'write layouts with "tsbuild build -o type=oci"',
  })
}

interface ReadOptions {
  readonly client: RegistryClient
  /** True if the first source is the index to append to. */
  readonly append: boolean
  readonly signal: AbortSignal | undefined
}

function readSources(
  written: readonly WrittenSource[],
  targets: readonly Reference[],
  { client, append, signal }: ReadOptions,
): Promise<readonly IndexSource[]> {
  const pushed = new Set(targets.map(repositoryOf))
  const named = written.map(referenceOf)
  const repositories = new Map([...targets, ...named.flatMap((found) => found ?? [])].map((r) => [repositoryOf(r), r]))
  const [only, ...others] = repositories.values()
  const repository = others.length === 0 ? only : undefined
  return inParallel(written, 4, signal, async (source, own) => {
    const reference = referenceOf(source)
    const fresh = reference !== undefined && pushed.has(repositoryOf(reference))
    try {
      return await readIndexSource(source, repository, { client, signal: own, fresh })
    } catch (error) {
      throw append && source === written[0] ? nothingToAppendTo(error) : error
    }
  })
}

function nothingToAppendTo(error: unknown): unknown {
  if (!(error instanceof TsbuildError) || error.code !== 'IMAGE_NOT_FOUND') return error
  return error.with({ hint: 'where there is nothing to append to yet, leave out --append' })
}

const repositoryOf = ({ domain, path }: Reference): string => `${domain}/${path}`

function referenceOf(source: WrittenSource): Reference | undefined {
  if (source.kind === 'descriptor' || source.name.startsWith('oci-layout://')) return undefined
  return parseReference(source.name)
}

interface Wanted {
  readonly append?: boolean
  readonly annotations?: readonly IndexAnnotation[]
  readonly platforms: readonly Platform[]
  readonly preferIndex?: boolean
}

type Combined = Pick<CreatedIndex, 'descriptor' | 'bytes' | 'replaced'> & {
  /** The manifests that the index lists: they have to be in its repository. */
  readonly manifests: readonly Descriptor[]
}

function combine(sources: readonly IndexSource[], wanted: Wanted): Combined {
  const { append = false, annotations = [], platforms, preferIndex = true } = wanted
  const [first, ...others] = sources
  if (first && others.length === 0 && annotations.length === 0) {
    if (first.parsed.kind === 'index') return filtered(first.parsed.index, platforms, first)
    if (!preferIndex) return unchanged(first, filterIfAsked([first.descriptor], platforms))
  }
  const merged = mergeManifests(
    sources.map(({ parsed, descriptor }) => (parsed.kind === 'index' ? parsed.index.manifests : [descriptor])),
  )
  const kept = append && first?.parsed.kind === 'index' ? first.parsed.index.annotations : undefined
  const isDockers =
    merged.manifests.length > 0 &&
    merged.manifests.every(({ mediaType }) => mediaType.startsWith('application/vnd.docker.'))
  const index: ImageIndex = {
    schemaVersion: 2,
    // Docker's manifest lists have no annotations.
    mediaType: isDockers && annotations.length === 0 ? DOCKER_INDEX : OCI_INDEX,
    manifests: merged.manifests,
    ...(kept && { annotations: kept }),
  }
  return { ...filtered(annotateIndex(index, annotations), platforms), replaced: merged.replaced }
}

/** The wanted platforms of an index. An index that keeps all its platforms stays byte for byte. */
function filtered(index: ImageIndex, platforms: readonly Platform[], original?: IndexSource): Combined {
  const manifests = filterIfAsked(index.manifests, platforms)
  if (original && manifests.length === index.manifests.length) return unchanged(original, manifests)
  const bytes = imageIndexBytes({ ...index, manifests })
  const { mediaType } = index
  return { descriptor: { mediaType, digest: sha256(bytes), size: bytes.byteLength }, bytes, manifests, replaced: [] }
}

function unchanged({ descriptor, bytes }: IndexSource, manifests: readonly Descriptor[]): Combined {
  const { mediaType, digest, size } = descriptor
  return { descriptor: { mediaType, digest, size }, bytes, manifests, replaced: [] }
}

function filterIfAsked(manifests: readonly Descriptor[], platforms: readonly Platform[]): readonly Descriptor[] {
  return platforms.length === 0 ? manifests : filterPlatforms(manifests, platforms)
}
