// What a build takes and gives: the public vocabulary of build().

import type { Diagnostic } from '../base/errors.ts'
import type { ContextSource, NamedContext } from '../context/context-source.ts'
import type { BuildEvent } from '../executor/events.ts'
import type { RunOptions, SandboxInfo } from '../executor/run-options.ts'
import type { ExportedOutput, Output } from '../export/output.ts'
import type { PullPolicy } from '../images/remote-bases.ts'
import type { Descriptor, Digest, Image, Platform } from '../oci/types.ts'

export type { ContextSource, ContextStream, MemoryFile, NamedContext } from '../context/context-source.ts'
export type { Entitlement, RunOptions, SandboxInfo, SecretSource } from '../executor/run-options.ts'
export type { CompressionOption, ExportedOutput, Output } from '../export/output.ts'
export type { PullPolicy } from '../images/remote-bases.ts'
export type { ControlLimits, Isolation, ResourceLimit } from '../sandbox/types.ts'

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

/** A running build: await it for its result, or iterate it for its events (then await it too). */
export interface Build extends PromiseLike<BuildResult>, AsyncIterable<BuildEvent> {
  catch<T>(onRejected: (reason: unknown) => T | PromiseLike<T>): Promise<BuildResult | T>
  finally(onFinally: () => void): Promise<BuildResult>
}
