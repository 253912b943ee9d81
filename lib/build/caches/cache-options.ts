// The options of caches outside of the store.

import type { CompressionOption } from '../../export/output.ts'
import type { CacheBackend } from '../../external-cache/types.ts'

/** A cache to read before a build. A cache that isn't there, or can't be read, is reported, and the build goes on. */
export type CacheSource = RegistryCacheSource | LocalCacheSource | BackendCacheSource

/** A cache in a registry, or an image that holds a cache itself. */
export interface RegistryCacheSource {
  readonly type: 'registry'
  /** The name, e.g. `registry.example/app:cache`. With a digest, nothing but that very cache is trusted. */
  readonly ref: string
}

/** A cache in a directory, as an OCI image layout. */
export interface LocalCacheSource {
  readonly type: 'local'
  readonly src: string
  /** Default `latest`. */
  readonly tag?: string
  /** The digest of the cache's manifest, instead of a tag. */
  readonly digest?: string
}

/** A cache in a place that the program knows how to reach. */
export interface BackendCacheSource {
  readonly type: 'backend'
  readonly backend: CacheBackend
}

/** A cache to write after a build. */
export type CacheTarget = RegistryCacheTarget | LocalCacheTarget | BackendCacheTarget | InlineCacheTarget

export interface CacheTargetOptions {
  /** `min` exports the steps whose layers are in the result, `max` all steps. Default `min`. */
  readonly mode?: 'min' | 'max'
  /** The compression of layers that the cache lacks. Default that of the result, so that they are the image's own. */
  readonly compression?: CompressionOption
  /** How many builds a step stays that none of them uses. Default 20. */
  readonly keep?: number
  /** The bytes that the cache may have. What was used last stays. Default no limit. */
  readonly maxSize?: number
  /** Whether the build goes on, with a warning, if the cache can't be written. Default true. */
  readonly ignoreError?: boolean
}

export interface RegistryCacheTarget extends CacheTargetOptions {
  readonly type: 'registry'
  /** The name of the cache, e.g. `registry.example/app:cache`. */
  readonly ref: string
}

export interface LocalCacheTarget extends CacheTargetOptions {
  readonly type: 'local'
  readonly dest: string
  /** Default `latest`. */
  readonly tag?: string
  /** Whether the cache forgets what it had. Default false. */
  readonly reset?: boolean
}

export interface BackendCacheTarget extends CacheTargetOptions {
  readonly type: 'backend'
  readonly backend: CacheBackend
}

/** The image holds the cache itself: for the steps whose layers it has. */
export interface InlineCacheTarget {
  readonly type: 'inline'
}
