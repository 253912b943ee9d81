// A cache in a directory: an OCI image layout, as a registry has it.
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { ifAllowed } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import { processMark } from '../../base/process-mark.ts'
import { digestPath, isDigest, sha256 } from '../../oci/digest.ts'
import { imageBlobs } from '../../oci/image-blobs.ts'
import { jsonBytes } from '../../oci/json.ts'
import { type ImageLayout, openLayout } from '../../oci/layout.ts'
import { indexBytes, manifestBytes } from '../../oci/manifest.ts'
import { OCI_MANIFEST } from '../../oci/media-types.ts'
import { parseManifest } from '../../oci/parse-manifest.ts'
import type { Descriptor, Digest } from '../../oci/types.ts'
import type { BlobOrigin } from '../../registry/pull/pull-blobs.ts'
import { CACHE_INDEX, encodeIndex, INDEX_LIMIT } from '../index-format.ts'
import { readInline } from '../inline-cache.ts'
import type { CacheBackend } from '../types.ts'
import { bytesReader, refuseForeign } from './cache-manifest.ts'

export interface LocalBackendOptions {
  readonly directory: string
  /** The tag, or the digest of a manifest, that the cache is found by. */
  readonly reference: string
}

const REF_NAME = 'org.opencontainers.image.ref.name'

/** Milliseconds after which a blob that nothing refers to is removed: a build that runs beside may have just put it. */
const GRACE = 3_600_000

/** The cache in a directory. Its operations error with `CACHE_INVALID`, `LAYOUT_INVALID` and as the disk does. */
export function openLocalBackend({ directory, reference }: LocalBackendOptions): CacheBackend {
  const put = async (blob: Descriptor, from: BlobOrigin, signal: AbortSignal | undefined): Promise<number> => {
    const path = join(directory, digestPath(blob.digest))
    if (statSync(path, { throwIfNoEntry: false })?.size === blob.size) return 0
    mkdirSync(dirname(path), { recursive: true })
    const temporary = `${path}.${processMark()}`
    const file = openSync(temporary, 'wx')
    try {
      for await (const chunk of from.open(blob, signal)) {
        for (let at = 0; at < chunk.byteLength; ) at += writeSync(file, chunk, at, chunk.byteLength - at)
      }
      renameSync(temporary, path)
    } finally {
      closeSync(file)
      rmSync(temporary, { force: true })
    }
    return blob.size
  }
  return {
    name: directory,
    layers: {
      has: (digest) => statSync(join(directory, digestPath(digest)), { throwIfNoEntry: false }) !== undefined,
      read: (wanted, limit) => openLayout(directory).read(wanted, limit),
      open: (wanted, signal) => openLayout(directory).open(wanted, signal),
    },
    read: async () => {
      const layout = existing(directory)
      const descriptor = layout && find(layout, reference)
      if (!descriptor) return undefined
      const parsed = parseManifest(await layout.read(descriptor), `the cache ${JSON.stringify(directory)}`)
      if (parsed.kind === 'index') {
        for (const entry of parsed.index.manifests) refuseForeign(entry, directory)
        return undefined
      }
      const { config } = parsed.manifest
      refuseForeign(config, directory)
      const bytes = await layout.read(config, INDEX_LIMIT)
      return config.mediaType === CACHE_INDEX ? bytes : encodeIndex(readInline(bytes, parsed.manifest, directory))
    },
    put,
    write: async (index, layers, signal) => {
      if (isDigest(reference)) {
        throw new TsbuildError('REFERENCE_INVALID', `a cache is written under a tag, not under ${reference}`)
      }
      const config = { mediaType: CACHE_INDEX, digest: sha256(index), size: index.byteLength }
      await put(config, bytesReader(index), signal)
      const bytes = manifestBytes({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers })
      const manifest = { mediaType: OCI_MANIFEST, digest: sha256(bytes), size: bytes.byteLength }
      await put(manifest, bytesReader(bytes), signal)
      const others = existing(directory)?.manifests.filter((entry) => entry.annotations?.[REF_NAME] !== reference) ?? []
      const entries = [...others, { ...manifest, annotations: { [REF_NAME]: reference } }]
      replace(join(directory, 'oci-layout'), jsonBytes({ imageLayoutVersion: '1.0.0' }))
      replace(join(directory, 'index.json'), indexBytes(entries))
      await removeUnused(directory, entries)
    },
  }
}

/** The layout in a directory; undefined if nothing is there yet. */
function existing(directory: string): ImageLayout | undefined {
  return statSync(join(directory, 'index.json'), { throwIfNoEntry: false }) ? openLayout(directory) : undefined
}

function find(layout: ImageLayout, reference: string): Descriptor | undefined {
  try {
    return layout.find(reference)
  } catch (error) {
    if (error instanceof TsbuildError && error.code === 'IMAGE_NOT_FOUND') return undefined
    throw error
  }
}

function replace(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${processMark()}`
  writeFileSync(temporary, bytes)
  renameSync(temporary, path)
}

/**
 * Removes what no manifest of the layout refers to any more. It stays if it is new, or if the layout holds something
 * that can't be read.
 */
async function removeUnused(directory: string, entries: readonly Descriptor[]): Promise<void> {
  const used = new Set<string>()
  const layout = openLayout(directory)
  try {
    for (const entry of entries) for (const { digest } of await imageBlobs(layout, entry)) used.add(digest)
  } catch (error) {
    if (error instanceof TsbuildError) return
    throw error
  }
  const blobs = join(directory, 'blobs/sha256')
  const old = Date.now() - GRACE
  for (const name of readdirSync(blobs)) {
    const path = join(blobs, name)
    if (
      used.has(`sha256:${name}` satisfies Digest) ||
      (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? old) >= old
    )
      continue
    ifAllowed(() => rmSync(path, { force: true }))
  }
}
