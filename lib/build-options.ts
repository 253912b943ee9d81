// What a build takes and gives: the public vocabulary of build().
import type { ContextSource, NamedContext } from './context/memory-file.ts'
import type { Diagnostic } from './errors.ts'
import type { BuildEvent } from './events.ts'
import type { ExportedOutput, Output } from './export/output.ts'
import type { Descriptor, Digest, Image, Platform } from './oci/types.ts'
import type { ControlLimits, Isolation, ResourceLimit } from './sandbox/types.ts'

export type { ContextSource, ContextStream, MemoryFile, NamedContext } from './context/memory-file.ts'
export type { CompressionOption, ExportedOutput, Output } from './export/output.ts'
export type { ControlLimits, Isolation, ResourceLimit } from './sandbox/types.ts'

export interface BuildOptions {
  readonly context: ContextSource
  /**
   * The Dockerfile: a path on disk (relative to the working directory), or its text. Default: `Dockerfile` in the context,
   * or `dockerfile` where only that exists.
   */
  readonly dockerfile?: string | { readonly text: string; readonly name?: string }
  /** Names for the image in the local store, e.g. `app:1.2`. */
  readonly tags?: readonly string[]
  /** Stage to build, by name; default the last. */
  readonly target?: string
  readonly buildArgs?: Readonly<Record<string, string>>
  /**
   * Named contexts: a directory, a git URL, an http(s) URL (one file, called `context`), `oci-layout://DIR[:TAG|@DIGEST]`,
   * `docker-image://NAME`, or files in memory.
   */
  readonly buildContexts?: Readonly<Record<string, NamedContext>>
  readonly labels?: Readonly<Record<string, string>>
  /**
   * What to build for, as `os/arch[/variant]`; default linux on this machine's architecture. Of several an index is made, with an image for
   * each in this order; the same one twice counts once. `local` is this machine's.
   */
  readonly platforms?: readonly string[]
  /** When registries are asked for base images. Default `missing`. */
  readonly pull?: PullPolicy
  /** Run every step again, or those of the stages with these names; results are still recorded. */
  readonly noCache?: boolean | readonly string[]
  readonly outputs?: readonly Output[]
  /** How RUN steps are carried out. */
  readonly run?: RunOptions
  /** The store's directory; default `$TSBUILD_HOME`, else `$XDG_CACHE_HOME/tsbuild`, else `~/.cache/tsbuild`. */
  readonly store?: string
  /**
   * Seconds since 1970 for every timestamp that the build writes, or `context` for when the build context is from: a git repository's commit,
   * a URL's last change, an archive's newest file. Default `$SOURCE_DATE_EPOCH` if set, else times are as Docker's.
   */
  readonly sourceDateEpoch?: number | 'context'
  readonly signal?: AbortSignal
  /** Called synchronously, in order. Must not throw. */
  readonly onEvent?: (event: BuildEvent) => void
}

/**
 * When registries are asked for base images. `missing`: for names that are neither in the store nor known from an earlier build;
 * `always`: for each name; `never`: not at all.
 */
export type PullPolicy = 'missing' | 'always' | 'never'

/** Where a secret comes from. Its bytes reach the steps that mount it, and nothing else: no layer, record, key or log. */
export type SecretSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'value'; readonly value: string | Uint8Array }

/** What `--allow` allows beyond the default. */
export type Entitlement = 'network.host' | 'security.insecure'

export interface RunOptions {
  /** Default `auto`: the strongest that works here. */
  readonly isolation?: Isolation | 'auto'
  /** By id. */
  readonly secrets?: Readonly<Record<string, SecretSource>>
  /** Sockets of ssh agents by id; `default` is the one that a mount without an id means. */
  readonly ssh?: Readonly<Record<string, string>>
  /** For steps that say nothing. `default` is the host's network. */
  readonly network?: 'default' | 'none' | 'host'
  /** Lines for /etc/hosts; the address `host-gateway` is the loopback address, since steps share the host's network. */
  readonly extraHosts?: readonly { readonly host: string; readonly address: string }[]
  readonly resourceLimits?: readonly ResourceLimit[]
  /** Errors with `SANDBOX_LACKS` where the isolation can't limit. */
  readonly controlLimits?: ControlLimits
  /** Bytes of /dev/shm; default 64 MiB. */
  readonly shmSize?: number
  readonly allow?: readonly Entitlement[]
  /** Host name that steps see; default `buildkitsandbox`, as with BuildKit. */
  readonly hostname?: string
  /** Caches of mounts are apart from those of other namespaces; default none. */
  readonly cacheNamespace?: string
  /** Keep the filesystem of a step that fails, for `tsbuild shell`. */
  readonly keepFailed?: boolean
  /** Fail a step whose changes of ownership can't be recorded, instead of warning. */
  readonly strictOwnership?: boolean
}

/** The image of one platform. */
export interface BuiltImage {
  readonly platform: Platform
  readonly image: Image
  /** Digest of the image manifest. */
  readonly digest: Digest
  /** Digest of the image config: Docker's image ID. */
  readonly imageID: Digest
}

/** What a build made. What is said of an image is said of the first, where there are several: `images` has all of them. */
export interface BuildResult extends BuiltImage {
  /** Digest of the image manifest; of several platforms that of the index. */
  readonly digest: Digest
  /** In the order of the platforms asked for. */
  readonly images: readonly BuiltImage[]
  /** Of the index that names lead to; undefined for one platform. */
  readonly index: Descriptor | undefined
  /** Full names given in the store. */
  readonly names: readonly string[]
  readonly steps: { readonly total: number; readonly cached: number }
  readonly outputs: readonly ExportedOutput[]
  readonly warnings: readonly Diagnostic[]
  /** What RUN steps were carried out with; undefined when none had to be. */
  readonly sandbox: SandboxInfo | undefined
}

export interface SandboxInfo {
  readonly isolation: Isolation
  /** e.g. `runc 1.1.5`. */
  readonly program: string
  /** Whether layers were stacked with overlayfs. */
  readonly overlay: boolean
}

/** A running build: await it for its result, or iterate it for its events (then await it too). */
export interface Build extends PromiseLike<BuildResult>, AsyncIterable<BuildEvent> {
  catch<T>(onRejected: (reason: unknown) => T | PromiseLike<T>): Promise<BuildResult | T>
  finally(onFinally: () => void): Promise<BuildResult>
}
