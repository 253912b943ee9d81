// The options and the result of build().

import type { Diagnostic } from '../base/errors.ts'
import type { SpaceTargets } from '../cache/space/choose-parts.ts'
import type { Store } from '../cache/store.ts'
import type { ContextSource, NamedContext } from '../context/context-source.ts'
import type { Clock } from '../executor/clock.ts'
import type { BuildEvent } from '../executor/events.ts'
import type { RunOptions, SandboxInfo } from '../executor/run-options.ts'
import type { ExportedOutput, Output } from '../export/output.ts'
import type { PullPolicy } from '../images/remote-bases.ts'
import type { Descriptor, Digest, Image, Layer, Platform } from '../oci/types.ts'
import type { RegistryOptions } from '../registry/client.ts'
import type { CacheSource, CacheTarget } from './caches/cache-options.ts'

export type { ContextSource, ContextStream, MemoryFile, NamedContext } from '../context/context-source.ts'
export type { Entitlement, LogLimit, RunOptions, SandboxInfo, SecretSource } from '../executor/run-options.ts'
export type { CompressionOption, ExportedOutput, Output } from '../export/output.ts'
export type { PullPolicy } from '../images/remote-bases.ts'
export type { ControlLimits, Isolation, ResourceLimit } from '../sandbox/types.ts'

export interface BuildOptions extends Pick<RegistryOptions, 'credentials' | 'fetch'> {
  readonly context: ContextSource
  /**
   * The Dockerfile: a path on disk (relative to the working directory), or its text. The default is
   * `Dockerfile` in the context, or `dockerfile` if only that exists.
   */
  readonly dockerfile?: string | { readonly text: string; readonly name?: string }
  /** Names for the image in the local store, e.g. `app:1.2`. */
  readonly tags?: readonly string[]
  /** Stage to build, by name; default the last. */
  readonly target?: string
  readonly buildArgs?: Readonly<Record<string, string>>
  /**
   * Named contexts: a directory, a git URL, an http(s) URL (one file, called `context`),
   * `oci-layout://DIR[:TAG|@DIGEST]`, `docker-image://NAME`, or files in memory.
   */
  readonly buildContexts?: Readonly<Record<string, NamedContext>>
  readonly labels?: Readonly<Record<string, string>>
  /**
   * The platforms to build for, as `os/arch[/variant]`; default linux on the architecture of this machine. For
   * several platforms the result is an index with an image for each, in this order; repetitions are ignored.
   * `local` is the platform of this machine.
   */
  readonly platforms?: readonly string[]
  /** When to request base images from registries; default `missing`. */
  readonly pull?: PullPolicy
  /** Run every step again, or the steps of these stages. Their results are cached for later builds. */
  readonly noCache?: boolean | readonly string[]
  readonly outputs?: readonly Output[]
  /** Caches to read before the build, besides the store. Of several that have a step, the first counts. */
  readonly cacheFrom?: readonly CacheSource[]
  /** Caches to write after the build. */
  readonly cacheTo?: readonly CacheTarget[]
  /** The options of RUN steps. */
  readonly run?: RunOptions
  /**
   * The store: a directory, by default `$TSBUILD_HOME`, else `$XDG_CACHE_HOME/tsbuild`, else `~/.cache/tsbuild`; or an
   * object, which stays open.
   */
  readonly store?: string | Store
  /**
   * The limit that the cache of the store is kept within: after a build that wrote to it, the least recently used parts
   * go. Images with names don't count, and stay. `false` for none; default `$TSBUILD_CACHE_LIMIT`, else a limit that
   * suits the disk.
   */
  readonly cacheLimit?: SpaceTargets | false
  /**
   * The time for every timestamp that the build writes, in seconds since 1970, or `context` for the time of the
   * build context: of the commit of a git repository, the last change of a URL, the newest file of an archive.
   * Default `$SOURCE_DATE_EPOCH` if it is set, else times are like Docker's.
   */
  readonly sourceDateEpoch?: number | 'context'
  /**
   * The environment variables of the build: they name credential files, proxies and the default store, set
   * SOURCE_DATE_EPOCH, and are the values of secrets from variables. Default `process.env`. No step sees them.
   */
  readonly env?: Readonly<Record<string, string | undefined>>
  /**
   * The clock: the times of events, durations, and the times that the image gets where no other time is known. The
   * default is the clock of the system, which commands of RUN see in any case.
   */
  readonly clock?: Clock
  readonly signal?: AbortSignal
  /**
   * Called synchronously, in order. While a promise that it returned is pending, commands of RUN that print much have
   * to wait. An error that it throws, or rejects with, aborts the build, which then rejects with that error.
   */
  readonly onEvent?: (event: BuildEvent) => unknown
}

/** The image of one platform. */
export interface BuiltImage {
  readonly platform: Platform
  readonly image: Image
  /** Digest of the image manifest. */
  readonly digest: Digest
  /** Digest of the image config: Docker's image ID. */
  readonly imageID: Digest
  /** Bytes of the image's blobs: the manifest, the config, and the layers as they are compressed. */
  readonly size: number
}

/** A step of a finished build. */
export interface BuiltStep {
  /** The id that events have for the step. */
  readonly id: string
  /** As progress shows it, e.g. `[build 2/5] COPY . /src`. */
  readonly name: string
  /** `FROM` for a base image, else `ADD`, `COPY`, `RUN` or `WORKDIR`. */
  readonly instruction: string
  /** The line of the instruction in the Dockerfile, from 1. A trigger of the base image has the line of its FROM. */
  readonly line: number | undefined
  /** The stage of the step; undefined for an image that is only copied from. */
  readonly stage: { readonly index: number; readonly name: string | undefined } | undefined
  /** Whether the result came from the cache. A base image is cached if nothing of it was fetched. */
  readonly cached: boolean
  /** Milliseconds. */
  readonly duration: number
  /** The layer that the step made, with its digest and size as it is stored; undefined for a base image. */
  readonly layer: Layer | undefined
}

/**
 * The result of a build. For several platforms, the fields of an image are those of the first; `images` has all
 * of them.
 */
export interface BuildResult extends BuiltImage {
  /** The digest of the image manifest; for several platforms, of the index. */
  readonly digest: Digest
  /** The images in the order of the requested platforms. */
  readonly images: readonly BuiltImage[]
  /** The descriptor of the index; undefined for one platform. */
  readonly index: Descriptor | undefined
  /** The full names that the image has in the store, e.g. `docker.io/library/app:1`. */
  readonly names: readonly string[]
  /** The same names as Docker shows them, e.g. `app:1`. */
  readonly shortNames: readonly string[]
  readonly steps: { readonly total: number; readonly cached: number }
  /** Each of the steps, inputs before users. */
  readonly stepResults: readonly BuiltStep[]
  /** Milliseconds from the call to the result. */
  readonly duration: number
  readonly outputs: readonly ExportedOutput[]
  readonly warnings: readonly Diagnostic[]
  /** The sandbox in which RUN steps ran; undefined if none had to run. */
  readonly sandbox: SandboxInfo | undefined
}

/**
 * A running build: await it for its result, or iterate it for its events. Both may be done at any time, and any number
 * of times.
 *
 * An iteration that begins late gets the events so far, but only the last progress of each step, and only the last MiB
 * of output. It throws the error of a build that fails. While an iteration is behind, commands of RUN that print much
 * have to wait. Who leaves the last loop before its end (`break`, `return`, `throw`) cancels the build, unless somebody
 * awaits it already.
 *
 * A build that fails although nobody ever asked for its result or its events is reported as a warning of the process,
 * when that ends.
 */
export interface Build extends Promise<BuildResult>, AsyncIterable<BuildEvent>, AsyncDisposable {
  /**
   * Stops the build, which then rejects with the reason, by default an `AbortError`. Does nothing if the build is over.
   */
  cancel(reason?: unknown): void
  /** Cancels the build if it is not over, and resolves when all that it started has ended. Never rejects. */
  [Symbol.asyncDispose](): Promise<void>
}
