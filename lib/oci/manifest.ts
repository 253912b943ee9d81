// The union-style manifest writer: a stack of layers and a config become an image.

import { configBytes } from './config.ts'
import type { ContentStore } from './content.ts'
import { type JsonValue, jsonBytes, sortedMap } from './json.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, toOciType } from './media-types.ts'
import type { Descriptor, History, Image, ImageConfig, ImageIndex, ImageManifest, Layer, Platform } from './types.ts'

export interface ImageParts {
  /** The fields of the config that the other parts do not give. */
  readonly config: Omit<ImageConfig, 'rootfs' | 'history' | keyof Platform>
  /** The layers, base first. Their blobs need not be in the store. */
  readonly layers: readonly Layer[]
  /** One entry for each layer, plus entries with `empty_layer`. */
  readonly history: readonly History[]
  readonly platform: Platform
  readonly annotations?: Readonly<Record<string, string>>
}

/** The kind of derived data that maps a config's digest to the descriptor of the last manifest written for it. */
export const MANIFEST_KIND = 'manifest'

/**
 * Puts the config and the manifest of an image into the store. Deterministic: the same parts give the same bytes.
 * Layer media types become OCI's. The store also maps the image ID to the manifest, so that an unnamed image can be
 * found.
 */
export function writeImage(store: Pick<ContentStore, 'put' | 'writeDerived'>, parts: ImageParts): Image {
  const { platform, annotations } = parts
  const config: ImageConfig = {
    ...parts.config,
    ...platform,
    rootfs: { type: 'layers', diff_ids: parts.layers.map((layer) => layer.diffID) },
    history: parts.history,
  }
  const layers = parts.layers.map(({ diffID, descriptor }) => ({
    diffID,
    descriptor: { ...descriptor, mediaType: toOciType(descriptor.mediaType) },
  }))
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: store.put(configBytes(config), OCI_CONFIG),
    layers: layers.map((layer) => layer.descriptor),
    ...(annotations && Object.keys(annotations).length > 0 ? { annotations } : {}),
  }
  const descriptor = { ...store.put(manifestBytes(manifest), OCI_MANIFEST), platform }
  store.writeDerived(MANIFEST_KIND, manifest.config.digest, jsonBytes(descriptorJson(descriptor)))
  return { descriptor, manifest, config, layers }
}

/** The bytes of a manifest in BuildKit's format: indented by two spaces. */
export function manifestBytes(manifest: ImageManifest): Uint8Array {
  return jsonBytes(
    {
      schemaVersion: manifest.schemaVersion,
      mediaType: manifest.mediaType,
      artifactType: manifest.artifactType,
      config: descriptorJson(manifest.config),
      layers: manifest.layers.map(descriptorJson),
      subject: manifest.subject && descriptorJson(manifest.subject),
      annotations: sortedMap(manifest.annotations),
    },
    2,
  )
}

/** The bytes of an image index in docker buildx's format: indented by two spaces. */
export function imageIndexBytes(index: ImageIndex): Uint8Array {
  return jsonBytes(
    {
      schemaVersion: index.schemaVersion,
      mediaType: index.mediaType,
      artifactType: index.artifactType,
      manifests: index.manifests.map(descriptorJson),
      subject: index.subject && descriptorJson(index.subject),
      annotations: sortedMap(index.annotations),
    },
    2,
  )
}

/** The bytes of a layout's index.json, on one line. */
export function indexBytes(manifests: readonly Descriptor[], annotations?: ImageIndex['annotations']): Uint8Array {
  return jsonBytes({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: manifests.map(descriptorJson),
    annotations: sortedMap(annotations),
  })
}

/** A descriptor with its fields in the order of Go's struct. */
export function descriptorJson(descriptor: Descriptor): JsonValue {
  const { platform } = descriptor
  return {
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    size: descriptor.size,
    urls: descriptor.urls,
    annotations: sortedMap(descriptor.annotations),
    data: descriptor.data,
    platform: platform && {
      architecture: platform.architecture,
      os: platform.os,
      'os.version': platform['os.version'],
      'os.features': platform['os.features'],
      variant: platform.variant,
    },
    artifactType: descriptor.artifactType,
  }
}
