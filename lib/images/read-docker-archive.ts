// Reads the older format of `docker save`: a manifest.json that names a config and layers by path.
import { createReadStream, readFileSync } from 'node:fs'
import { TsbuildError } from '../base/errors.ts'
import { JSON_LIMIT } from '../base/input-limit.ts'
import type { Store } from '../cache/store.ts'
import { DETECT_LENGTH, detectCompression } from '../layers/decompress/compression-magic.ts'
import { arrayAt, at, type JsonLocation, objectAt, optional, stringAt, stringsAt } from '../oci/guard.ts'
import { parseJson } from '../oci/json.ts'
import { manifestBytes } from '../oci/manifest.ts'
import { type Compression, layerMediaType, OCI_CONFIG, OCI_MANIFEST } from '../oci/media-types.ts'
import { parseConfig } from '../oci/parse-config.ts'
import { normaliseName } from '../oci/reference.ts'
import type { Descriptor } from '../oci/types.ts'
import type { ArchiveFile, ArchiveFiles } from './read-image-archive.ts'

/** An image of such an archive. */
export interface DockerArchiveImage {
  readonly descriptor: Descriptor
  readonly names: readonly string[]
}

/**
 * Puts the images of an archive into the store, each with a new manifest. Config and layers stay as they are, byte
 * for byte, and so does the image ID. Nothing is verified here. Errors with `ARCHIVE_INVALID`, `ARCHIVE_UNSUPPORTED`,
 * `IMAGE_INVALID`, `REFERENCE_INVALID`.
 */
export async function readDockerArchive(archive: ArchiveFiles, store: Store): Promise<readonly DockerArchiveImage[]> {
  const location: JsonLocation = { code: 'ARCHIVE_INVALID', what: 'manifest.json', path: '' }
  const listed = parseJson(
    readSmall(archive.file('manifest.json'), 'manifest.json'),
    'ARCHIVE_INVALID',
    'manifest.json',
  )
  const images: DockerArchiveImage[] = []
  for (const entry of arrayAt(listed, location, parseEntry)) images.push(await putImage(entry, archive, store))
  return images
}

interface DockerEntry {
  readonly config: string
  readonly names: readonly string[]
  readonly layers: readonly string[]
}

function parseEntry(value: unknown, location: JsonLocation): DockerEntry {
  const object = objectAt(value, location)
  return {
    config: stringAt(object['Config'], at(location, 'Config')),
    names: (optional(object, 'RepoTags', location, stringsAt).RepoTags ?? []).map(normaliseName),
    layers: optional(object, 'Layers', location, stringsAt).Layers ?? [],
  }
}

async function putImage(entry: DockerEntry, archive: ArchiveFiles, store: Store): Promise<DockerArchiveImage> {
  const bytes = readSmall(archive.file(entry.config), entry.config)
  const { os, architecture, variant } = parseConfig(bytes, `config ${JSON.stringify(entry.config)}`)
  const config = store.put(bytes, OCI_CONFIG)
  const layers: Descriptor[] = []
  for (const layer of entry.layers) layers.push(await putLayer(archive.file(layer), store))
  const manifest = manifestBytes({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers })
  const platform = { os, architecture, ...(variant ? { variant } : {}) }
  return { descriptor: { ...store.put(manifest, OCI_MANIFEST), platform }, names: entry.names }
}

async function putLayer(file: ArchiveFile, store: Store): Promise<Descriptor> {
  const writer = store.createWriter()
  let compression: Compression | undefined
  try {
    for await (const chunk of createReadStream(file.path, { highWaterMark: 1 << 20 })) {
      compression ??= compressionOfBytes(chunk)
      writer.write(chunk)
    }
    return { mediaType: layerMediaType(compression ?? 'uncompressed'), ...writer.commit() }
  } finally {
    writer.abort()
  }
}

function compressionOfBytes(head: Uint8Array): Compression {
  const algorithm = detectCompression(head.subarray(0, DETECT_LENGTH))
  if (algorithm === undefined) return 'uncompressed'
  if (algorithm === 'gzip' || algorithm === 'zstd') return algorithm
  throw new TsbuildError('ARCHIVE_UNSUPPORTED', `a layer of the archive is compressed with ${algorithm}`)
}

function readSmall(file: ArchiveFile, name: string): Uint8Array {
  if (file.size <= JSON_LIMIT) return readFileSync(file.path)
  throw new TsbuildError('ARCHIVE_INVALID', `${JSON.stringify(name)} in the archive has more than ${JSON_LIMIT} bytes`)
}
