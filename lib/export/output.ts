// Where a build's result can go.

/** An output. `dest` is a path, or `-` for standard output where the form is a single stream. */
export type Output = FileOutput | RegistryOutput

/** An output that is written to the disk or to standard output. */
export type FileOutput = OciOutput | DockerOutput | LocalOutput | TarOutput

/** A push to registries. */
export interface RegistryOutput {
  readonly type: 'registry'
  /** Names to push, separated by commas; default the names that the build gives. */
  readonly name?: string
  /** Push to the repositories of the names, which have no tag then, by nothing but the digest: for jobs whose images are joined later. */
  readonly pushByDigest?: boolean
  readonly compression?: CompressionOption
}

/** OCI image layout: a tar, or a directory with `tar: false`. */
export interface OciOutput {
  readonly type: 'oci'
  readonly dest: string
  readonly tar?: boolean
  /** Names for the image in it, separated by commas; default the names that the build gives. */
  readonly name?: string
  readonly compression?: CompressionOption
}

/** An archive for `docker load` and `podman load`; of one platform. */
export interface DockerOutput {
  readonly type: 'docker'
  readonly dest: string
  readonly name?: string
  readonly compression?: CompressionOption
}

/** The root filesystem as files below a directory. */
export interface LocalOutput {
  readonly type: 'local'
  readonly dest: string
  /**
   * Whether each platform gets a directory of its own, e.g. `linux_arm64`; default where there are several. False merges them, which is
   * an error (`OUTPUT_INVALID`) where two have a file of the same path.
   */
  readonly platformSplit?: boolean
}

/** The root filesystem as one tar. */
export interface TarOutput {
  readonly type: 'tar'
  readonly dest: string
  /** As of {@link LocalOutput}. */
  readonly platformSplit?: boolean
}

export interface CompressionOption {
  readonly algorithm: 'gzip' | 'uncompressed'
  /** 0 to 9; gzip only. */
  readonly level?: number
}

/** What was written. */
export interface ExportedOutput {
  readonly type: Output['type'] | 'store'
  /** The path, the names given in the store, or the names pushed. */
  readonly destination: string
  /** Bytes written, where it is one file. */
  readonly size?: number
  /** What a directory could not show: device nodes without root, extended attributes. */
  readonly losses?: readonly { readonly path: string; readonly kind: 'node' | 'xattrs' }[]
}
