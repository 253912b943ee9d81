// The outputs of a build, as options.

import type { Writable } from 'node:stream'

/**
 * The destination of an output that is a single stream of bytes: a path, `-` for standard output, or a stream, which
 * is ended after the last byte, and destroyed if the output fails.
 */
export type Destination = string | Writable | WritableStream<Uint8Array>

/** An output to files, to a stream, or to registries. */
export type Output = FileOutput | RegistryOutput

/** An output to the disk or to standard output. */
export type FileOutput = OciOutput | DockerOutput | LocalOutput | TarOutput

/** A push to registries. */
export interface RegistryOutput {
  readonly type: 'registry'
  /** The names to push, separated by commas; default the tags of the build. */
  readonly name?: string
  /** Push by digest alone, for jobs whose images are joined later. The names must have no tag. */
  readonly pushByDigest?: boolean
  readonly compression?: CompressionOption
}

/** An OCI image layout: a tar, or a directory with `tar: false`, whose `dest` is a path. */
export interface OciOutput {
  readonly type: 'oci'
  readonly dest: Destination
  readonly tar?: boolean
  /** The names of the image in the layout, separated by commas; default the tags of the build. */
  readonly name?: string
  readonly compression?: CompressionOption
}

/** An archive of one platform for `docker load` and `podman load`. */
export interface DockerOutput {
  readonly type: 'docker'
  readonly dest: Destination
  readonly name?: string
  readonly compression?: CompressionOption
}

/** The root filesystem as files below a directory. */
export interface LocalOutput {
  readonly type: 'local'
  readonly dest: string
  /**
   * Whether each platform gets a directory of its own, e.g. `linux_arm64`; the default is true for several
   * platforms. False merges them, which errors with `OUTPUT_INVALID` if two have a file of the same path.
   */
  readonly platformSplit?: boolean
}

/** The root filesystem as one tar. */
export interface TarOutput {
  readonly type: 'tar'
  readonly dest: Destination
  /** As in {@link LocalOutput}. */
  readonly platformSplit?: boolean
}

export interface CompressionOption {
  readonly algorithm: 'gzip' | 'uncompressed'
  /** 0 to 9, for gzip only. */
  readonly level?: number
}

/** An output that was written. */
export interface ExportedOutput {
  readonly type: Output['type'] | 'store'
  /** The path, `-` for a stream, the names in the store, or the names pushed. */
  readonly destination: string
  /** The size in bytes, if the output is one file; for a push, the bytes sent. */
  readonly size?: number
  /**
   * The files that a directory does not hold completely: device nodes need root, and some extended attributes
   * are refused.
   */
  readonly losses?: readonly { readonly path: string; readonly kind: 'node' | 'xattrs' }[]
}
