// The blobs of the images in a store. Read synchronously, since a removal asks while other processes wait, and past the
// store's own reader, whose reading would count as a use.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ifExists } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import { JSON_LIMIT } from '../../base/input-limit.ts'
import { digestPath } from '../../oci/digest.ts'
import { parseConfig } from '../../oci/parse-config.ts'
import { parseManifest } from '../../oci/parse-manifest.ts'
import type { DiffID, Digest } from '../../oci/types.ts'
import { storeIO } from '../atomic-files.ts'
import { readReferences } from '../references.ts'

/** The blobs that an image, or all images of an index, consist of, as far as the store has them. */
export interface ImageParts {
  /** The digest of the manifest or index. */
  readonly digest: Digest
  /** Manifests, indexes and configs. */
  readonly documents: readonly Digest[]
  readonly layers: readonly { readonly blob: Digest; readonly diffID: DiffID | undefined }[]
}

/** The parts of an image with names. */
export interface NamedParts extends ImageParts {
  readonly names: readonly string[]
}

/** The images with names. */
export function namedImages(root: string): readonly NamedParts[] {
  const names = new Map<Digest, string[]>()
  for (const { name, descriptor } of readReferences(root)) {
    names.set(descriptor.digest, [...(names.get(descriptor.digest) ?? []), name])
  }
  return [...names].map(([digest, all]) => ({ names: all, ...imageParts(root, digest) }))
}

/** Every blob of these images. */
export function blobsOf(images: readonly ImageParts[]): ReadonlySet<Digest> {
  return new Set(images.flatMap(({ documents, layers }) => [...documents, ...layers.map(({ blob }) => blob)]))
}

const MAX_DEPTH = 5

/** The parts of an image. What can't be read, as it is damaged, has no further parts. */
export function imageParts(root: string, digest: Digest): ImageParts {
  const documents = new Set<Digest>()
  const layers = new Map<Digest, DiffID | undefined>()
  const visit = (at: Digest, depth: number): void => {
    if (documents.has(at) || depth > MAX_DEPTH) return
    documents.add(at)
    const parsed = readDocument(root, at, (bytes) => parseManifest(bytes, `manifest ${at}`))
    if (parsed?.kind === 'index') for (const entry of parsed.index.manifests) visit(entry.digest, depth + 1)
    if (parsed?.kind !== 'manifest') return
    const { config, layers: blobs } = parsed.manifest
    documents.add(config.digest)
    const diffIDs = readDocument(root, config.digest, (bytes) => parseConfig(bytes, `config ${config.digest}`))?.rootfs
      .diff_ids
    for (const [index, { digest: blob }] of blobs.entries()) layers.set(blob, diffIDs?.[index])
  }
  visit(digest, 0)
  return { digest, documents: [...documents], layers: [...layers].map(([blob, diffID]) => ({ blob, diffID })) }
}

function readDocument<T>(root: string, digest: Digest, parse: (bytes: Uint8Array) => T): T | undefined {
  const path = join(root, digestPath(digest))
  const bytes = storeIO(`reading ${digest}`, () => {
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat?.isFile() && stat.size <= JSON_LIMIT ? ifExists(() => readFileSync(path)) : undefined
  })
  try {
    return bytes && parse(bytes)
  } catch (error) {
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}
