// The messages between the builder and its worker: plain data. The worker is a process in the namespaces that RUN
// steps need. Both processes read and write the same store.

import type { ErrorRecord } from '../../base/error-record.ts'
import type { ErrorCode } from '../../base/errors.ts'
import type { WantedEncoding } from '../../layers/layer-sink.ts'
import type { Descriptor, DiffID, Layer } from '../../oci/types.ts'
import type { ControlLimits, Exit, Isolation, Probe, ResourceLimit, WorkerNamespaces } from '../../sandbox/types.ts'
import type { StreamLimit } from './log-limit.ts'

/** The first message to a worker. */
export interface WorkerStart {
  readonly kind: 'start'
  /** The store's directory. */
  readonly store: string
  /** The directory in which steps run. */
  readonly home: string
  readonly isolation: Isolation | 'auto'
  readonly namespaces: WorkerNamespaces
  /** The name of the machine's current boot. */
  readonly boot: string
  /** The prefix of the worker's temporary files. */
  readonly prefix: string
  /** Names of temporary files that dead builders left. */
  readonly stale: readonly string[]
}

/** A mount at `target`, an absolute path whose symlinks are not resolved yet. */
export type RequestedMount =
  /**
   * Files of a stack of layers. `source` is a path in the stack, resolved. Changes to a writable mount are dropped
   * after the step.
   */
  | {
      readonly kind: 'layers'
      readonly target: string
      readonly layers: readonly Layer[]
      readonly source: string
      readonly readonly: boolean
    }
  | {
      readonly kind: 'cache'
      readonly target: string
      readonly id: string
      readonly sharing: 'shared' | 'private' | 'locked'
      /** The layers whose `source` a new cache is filled from. */
      readonly layers: readonly Layer[]
      readonly source: string
      readonly readonly: boolean
      readonly uid: number
      readonly gid: number
      readonly mode: number
    }
  | {
      readonly kind: 'tmpfs'
      readonly target: string
      readonly size: number | undefined
      readonly readonly: boolean
    }
  | {
      readonly kind: 'secret'
      readonly target: string
      /** Base64. */
      readonly content: string
      readonly uid: number
      readonly gid: number
      readonly mode: number
    }
  | {
      readonly kind: 'ssh'
      readonly target: string
      /** The agent's socket on the host. */
      readonly socket: string
      readonly uid: number
      readonly gid: number
      readonly mode: number
    }

export interface RunRequest {
  readonly kind: 'run'
  /** The id of the step. */
  readonly step: string
  /** The root filesystem, bottom first. */
  readonly layers: readonly Layer[]
  readonly args: readonly string[]
  readonly script: { readonly name: string; readonly text: string } | undefined
  /** The environment without HOME, which depends on the user, and without secrets. */
  readonly env: readonly string[]
  /** Variables that hold secrets. */
  readonly secretEnv: readonly string[]
  readonly workdir: string
  /** `user[:group]` as in the image config, by name or number. */
  readonly user: string
  readonly mounts: readonly RequestedMount[]
  readonly network: 'host' | 'none'
  readonly insecure: boolean
  readonly hosts: readonly { readonly host: string; readonly address: string }[]
  readonly hostname: string
  readonly resourceLimits: readonly ResourceLimit[]
  readonly controlLimits: ControlLimits
  readonly shmSize: number
  readonly encoding: WantedEncoding
  /** The compressed layer that this step made last, whose chunks may be reused. */
  readonly reuse: Descriptor['digest'] | undefined
  /** Seconds since 1970 for every timestamp. */
  readonly timestamp: number | undefined
  readonly keepFailed: boolean
  /** The limit of each output stream. */
  readonly logLimit: StreamLimit
}

/** Opens a shell in the filesystem of a kept failed step, on the worker's own terminal. */
export interface ShellRequest {
  readonly kind: 'shell'
  /** The id of the shell, as of a step. */
  readonly step: string
  readonly kept: string
  readonly args: readonly string[]
}

export type ToWorker =
  | WorkerStart
  | RunRequest
  | ShellRequest
  /** So many characters of a step's output have been read: the worker may send more. */
  | { readonly kind: 'received'; readonly step: string; readonly length: number }
  /** Stops the command of a step. */
  | { readonly kind: 'stop'; readonly step: string }

export type FromWorker =
  | {
      readonly kind: 'ready'
      readonly isolation: Isolation
      readonly program: string
      readonly overlay: boolean
      /** Whether the owners that steps give to files are recorded. */
      readonly recordsOwners: boolean
      readonly probes: readonly Probe[]
    }
  | { readonly kind: 'unavailable'; readonly probes: readonly Probe[] }
  | { readonly kind: 'log'; readonly step: string; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly kind: 'warning'
      readonly step: string
      readonly code: ErrorCode
      readonly message: string
      readonly hint: string | undefined
    }
  | {
      readonly kind: 'done'
      readonly step: string
      readonly diffID: DiffID
      readonly descriptor: Descriptor
      /** False if the layer may lack file capabilities that the command set. */
      readonly complete: boolean
    }
  /** The command failed, or the shell ended. */
  | {
      readonly kind: 'failed'
      readonly step: string
      readonly exit: Exit
      /** The last lines that the command printed. */
      readonly lastLines: readonly string[]
      /** The name of the kept step for `tsbuild shell`. */
      readonly kept: string | undefined
      /** Whether the output says that the system refused an owner, where there is one user id. */
      readonly refused: boolean
    }
  | {
      readonly kind: 'error'
      /** The id of the step; undefined for the start. */
      readonly step: string | undefined
      readonly error: ErrorRecord
    }
