// Reads an OCI image layout, a directory that any program may have written (image-spec image-layout.md).
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../base/errors.ts'
import { MANIFEST_LIMIT } from '../base/input-limit.ts'
import { suggest } from '../base/suggest.ts'
import { blobNotFound, openBlobFile, readBlobFile } from './blob-file.ts'
import type { ContentReader } from './content.ts'
import { digestPath, isDigest, parseDigest } from './digest.ts'
import { parseJson } from './json.ts'
import { OCI_INDEX } from './media-types.ts'
import { parseManifest } from './parse-manifest.ts'
import { tryNormaliseName } from './reference.ts'
import type { Descriptor, Digest } from './types.ts'

const REF_NAME = 'org.opencontainers.image.ref.name'
const IMAGE_NAME = 'io.containerd.image.name'

/** An opened image layout. Reads are verified as {@link ContentReader} promises. */
export interface ImageLayout extends ContentReader {
  readonly directory: string
  /** The entries of index.json, in their order. */
  readonly manifests: readonly Descriptor[]
  /**
   * The descriptor of an image: by the digest of any manifest or index in the layout, by a tag or full name that
   * index.json annotates, or, without a reference, the image tagged `latest`, else the only one. Errors with
   * `IMAGE_NOT_FOUND`.
   */
  find(reference?: string): Descriptor
}

/** The parts of `oci-layout://DIR[:TAG|@DIGEST]`. */
export interface LayoutReference {
  readonly directory: string
  readonly reference: string | undefined
}

/** Splits `[oci-layout://]DIR[:TAG|@DIGEST]`. Errors with `DIGEST_INVALID`. */
export function parseLayoutReference(text: string): LayoutReference {
  const rest = text.replace(/^oci-layout:\/\//, '')
  const digest = /^(.*)@([^@/\\]*:[^@/\\]*)$/.exec(rest)
  if (digest?.[1]) return { directory: digest[1], reference: parseDigest(digest[2] ?? '') }
  const tag = /^(.+):([A-Za-z0-9_][A-Za-z0-9_.-]*)$/.exec(rest)
  return tag?.[1] ? { directory: tag[1], reference: tag[2] } : { directory: rest, reference: undefined }
}

/**
 * Opens the image layout in a directory. Errors with `LAYOUT_INVALID`.
 *
 * @example
 * ```ts
 * import { build, openLayout } from '@tsbuild/tsbuild'
 *
 * const context = new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']])
 * const { digest } = await build({ context, outputs: [{ type: 'oci', dest: 'layout', tar: false }] })
 * console.log(openLayout('layout').find().digest === digest) // true
 * ```
 */
export function openLayout(directory: string): ImageLayout {
  checkVersion(directory)
  const what = JSON.stringify(join(directory, 'index.json'))
  const manifests = parseIndex(readSmall(join(directory, 'index.json'), directory), what)
  const path = (digest: Digest): string => join(directory, digestPath(digest))
  return {
    directory,
    manifests,
    has: (digest) => isFile(path(digest)),
    open: (descriptor, signal) => openBlobFile(path(descriptor.digest), descriptor, signal),
    read: (descriptor, limit) => readBlobFile(path(descriptor.digest), descriptor, limit),
    find: (reference) => {
      if (reference === undefined) return findDefault(directory, manifests)
      return isDigest(reference)
        ? findDigest(directory, manifests, reference)
        : findName(directory, manifests, reference)
    },
  }
}

function checkVersion(directory: string): void {
  const file = join(directory, 'oci-layout')
  const what = JSON.stringify(file)
  const layout = parseJson(readSmall(file, directory), 'LAYOUT_INVALID', what)
  const version =
    typeof layout === 'object' && layout !== null && 'imageLayoutVersion' in layout && layout.imageLayoutVersion
  if (version === '1.0.0') return
  throw new TsbuildError(
    'LAYOUT_INVALID',
    `${what}: expected imageLayoutVersion "1.0.0", got ${JSON.stringify(version)}`,
  )
}

function readSmall(file: string, directory: string): Uint8Array {
  try {
    const stat = statSync(file)
    if (stat.isFile() && stat.size <= MANIFEST_LIMIT) return readFileSync(file)
    throw new TsbuildError('LAYOUT_INVALID', `${JSON.stringify(file)} is not a file of at most ${MANIFEST_LIMIT} bytes`)
  } catch (cause) {
    if (cause instanceof TsbuildError) throw cause
    throw new TsbuildError('LAYOUT_INVALID', `${JSON.stringify(directory)} is not an OCI image layout`, {
      hint: 'an image layout is a directory with the files "oci-layout" and "index.json"',
      cause,
    })
  }
}

function parseIndex(bytes: Uint8Array, what: string): readonly Descriptor[] {
  try {
    const parsed = parseManifest(bytes, what, OCI_INDEX)
    if (parsed.kind === 'index') return parsed.index.manifests
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error
    throw new TsbuildError('LAYOUT_INVALID', error.message, { cause: error })
  }
  throw new TsbuildError('LAYOUT_INVALID', `${what} is not an index`)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function findDefault(directory: string, manifests: readonly Descriptor[]): Descriptor {
  const latest = manifests.find((entry) => entry.annotations?.[REF_NAME] === 'latest')
  const [only, ...rest] = manifests
  if (latest) return latest
  if (only && rest.length === 0) return only
  if (!only) throw new TsbuildError('IMAGE_NOT_FOUND', `image layout ${JSON.stringify(directory)} is empty`)
  throw new TsbuildError(
    'IMAGE_NOT_FOUND',
    `image layout ${JSON.stringify(directory)} has ${manifests.length} images`,
    {
      hint: `choose one: ${namesOf(manifests).join(', ') || manifests.map((entry) => `@${entry.digest}`).join(', ')}`,
    },
  )
}

function findName(directory: string, manifests: readonly Descriptor[], name: string): Descriptor {
  const full = tryNormaliseName(name) ?? name
  const found =
    manifests.find((entry) => entry.annotations?.[REF_NAME] === name) ??
    manifests.find((entry) => entry.annotations?.[IMAGE_NAME] === full)
  if (found) return found
  const names = namesOf(manifests)
  const near = suggest(name, names)
  const hint = near
    ? `did you mean ${JSON.stringify(near)}?`
    : names.length > 0
      ? `it has ${names.join(', ')}`
      : undefined
  const message = `image layout ${JSON.stringify(directory)} has no image ${JSON.stringify(name)}`
  throw new TsbuildError('IMAGE_NOT_FOUND', message, { hint })
}

function findDigest(directory: string, manifests: readonly Descriptor[], digest: Digest): Descriptor {
  const listed = manifests.find((entry) => entry.digest === digest)
  if (listed) return listed
  const path = join(directory, digestPath(digest))
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isFile() || stat.size > MANIFEST_LIMIT) {
    const cause = blobNotFound(digest, `image layout ${JSON.stringify(directory)}`)
    throw new TsbuildError('IMAGE_NOT_FOUND', `image layout ${JSON.stringify(directory)} has no image ${digest}`, {
      cause,
    })
  }
  // Not verified here: every reader of the blob verifies it by this descriptor.
  const parsed = parseManifest(readFileSync(path), `blob ${digest}`)
  const { mediaType } = parsed.kind === 'index' ? parsed.index : parsed.manifest
  return { mediaType, digest, size: stat.size }
}

function namesOf(manifests: readonly Descriptor[]): readonly string[] {
  return manifests
    .map((entry) => entry.annotations?.[REF_NAME] ?? entry.annotations?.[IMAGE_NAME])
    .filter((n) => n !== undefined)
}
