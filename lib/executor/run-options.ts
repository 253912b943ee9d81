// How RUN steps are carried out: the part of a build's options that the executor reads.
import type { ControlLimits, Isolation, ResourceLimit } from '../sandbox/types.ts'

/** The source of a secret. Its bytes reach the steps that mount it, and no layer, record, cache key or log. */
export type SecretSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'value'; readonly value: string | Uint8Array }

/** A right that `--allow` grants beyond the default. */
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
  /** How much output of a step is shown; default as with BuildKit. */
  readonly logLimit?: LogLimit
  /**
   * The directory of the programs that RUN starts, for a program in which a bundler has merged this package:
   * `worker.mjs`, `worker.cjs` or `worker.js`, and `tsbuild-sandbox-linux-x64` or `-arm64`. Default: where the package
   * has them.
   */
  readonly programs?: string
  /** Keep the filesystem of a step that fails, for `tsbuild shell`. */
  readonly keepFailed?: boolean
  /** Fail a step whose changes of ownership can't be recorded, instead of warning. */
  readonly strictOwnership?: boolean
}

/**
 * Limits of each output stream of a step; Infinity for none. The rest is clipped, and the log says so. When the step
 * fails, the log ends with the last 256 KiB that were clipped.
 */
export interface LogLimit {
  /** Default 2 MiB. */
  readonly bytes?: number
  /** Default 200 KiB: a stream may have been so long after each second that was begun. */
  readonly bytesPerSecond?: number
}

/** BuildKit's limits. */
export const DEFAULT_LOG_LIMIT: Required<LogLimit> = { bytes: 2 * 1024 * 1024, bytesPerSecond: 200 * 1024 }

export interface SandboxInfo {
  readonly isolation: Isolation
  /** e.g. `runc 1.1.5`. */
  readonly program: string
  /** Whether layers were stacked with overlayfs. */
  readonly overlay: boolean
}
