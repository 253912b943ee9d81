// The wire types of the OCI image specification 1.1, with the spec's own field names.

import type { JsonValue } from './json.ts'

/** `algorithm:hex`, e.g. `sha256:9f86…`. */
export type Digest = `${'sha256' | 'sha512'}:${string}`
/** The digest of a layer's uncompressed tar (image-spec config.md#layer-diffid). */
export type DiffID = Digest & { readonly __brand: 'DiffID' }
/** The digest of a stack of layers (image-spec config.md#layer-chainid). */
export type ChainID = Digest & { readonly __brand: 'ChainID' }
/** The digest of everything that a build step depends on. */
export type CacheKey = Digest & { readonly __brand: 'CacheKey' }

/** image-spec descriptor.md */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** The size in bytes. */
  readonly size: number
  readonly platform?: Platform
  readonly annotations?: Readonly<Record<string, string>>
  readonly urls?: readonly string[]
  /** The content itself, in base64. */
  readonly data?: string
  readonly artifactType?: string
}

/** image-spec image-index.md#image-index-property-descriptions */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
  readonly 'os.version'?: string
  readonly 'os.features'?: readonly string[]
}

/** image-spec manifest.md */
export interface ImageManifest {
  readonly schemaVersion: 2
  readonly mediaType: string
  readonly artifactType?: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  /** The manifest that this one refers to: it makes this one a referrer. */
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

/** image-spec image-index.md */
export interface ImageIndex {
  readonly schemaVersion: 2
  readonly mediaType: string
  readonly artifactType?: string
  readonly manifests: readonly Descriptor[]
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

/** image-spec config.md#properties, `config`; with Docker's additions Healthcheck, Shell and OnBuild. */
export interface ContainerConfig {
  readonly User?: string
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>
  readonly Env?: readonly string[]
  readonly Entrypoint?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  readonly Volumes?: Readonly<Record<string, Record<string, never>>>
  readonly WorkingDir?: string
  readonly Labels?: Readonly<Record<string, string>>
  readonly StopSignal?: string
  readonly ArgsEscaped?: boolean
  readonly Healthcheck?: Healthcheck
  readonly Shell?: readonly string[]
  readonly OnBuild?: readonly string[]
}

/** Docker image config: durations in nanoseconds. */
export interface Healthcheck {
  readonly Test: readonly string[]
  readonly Interval?: number
  readonly Timeout?: number
  readonly StartPeriod?: number
  readonly StartInterval?: number
  readonly Retries?: number
}

/** image-spec config.md#properties, `history` */
export interface History {
  readonly created?: string
  readonly created_by?: string
  readonly author?: string
  readonly comment?: string
  readonly empty_layer?: boolean
}

/** image-spec config.md: the image configuration blob. */
export interface ImageConfig extends Platform {
  readonly created?: string
  readonly author?: string
  readonly config?: ContainerConfig
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly DiffID[] }
  readonly history?: readonly History[]
  /** The build cache that the image holds itself. */
  readonly 'tsbuild.cache.v1'?: JsonValue
}

/** A layer as an image refers to it: its compressed (or plain) blob, and the digest of its plain tar. */
export interface Layer {
  readonly descriptor: Descriptor
  readonly diffID: DiffID
}

/** An image whose manifest and config have been read. Its layers have not. */
export interface Image {
  readonly descriptor: Descriptor
  readonly manifest: ImageManifest
  readonly config: ImageConfig
  readonly layers: readonly Layer[]
}
