// What the builder and its worker tell each other. The worker is a process of its own, in the namespaces that RUN steps need; all
// that passes between them is plain data, and both read and write the same store.

import type { ErrorRecord } from '../../base/error-record.ts'
import type { ErrorCode } from '../../base/errors.ts'
import type { Descriptor, DiffID, Layer } from '../../oci/types.ts'
import type { ControlLimits, Exit, Isolation, Probe, ResourceLimit, WorkerNamespaces } from '../../sandbox/types.ts'
import type { WantedForm } from '../layer-compression.ts'

/** The first message to a worker. */
export interface WorkerStart {
  readonly kind: 'start'
  /** The store's directory. */
  readonly store: string
  /** The directory in which steps run. */
  readonly home: string
  readonly isolation: Isolation | 'auto'
  readonly namespaces: WorkerNamespaces
  /** Begins the names of the worker's temporary files. */
  readonly prefix: string
  /** Temporary files that dead builders left. */
  readonly stale: readonly string[]
}

/** What a step sees at `target` (absolute, unresolved) instead of the root's own files. */
export type RequestedMount =
  /** A path of a stack of layers, resolved in it. What is written to a writable one is gone after the step. */
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
      /** What a new cache begins with. */
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
  /** The step's id. */
  readonly step: string
  /** The root filesystem, bottom first. */
  readonly layers: readonly Layer[]
  readonly args: readonly string[]
  readonly script: { readonly name: string; readonly text: string } | undefined
  /** All of it but HOME, which depends on the user, and what is secret. */
  readonly env: readonly string[]
  /** Secrets. */
  readonly secretEnv: readonly string[]
  readonly workdir: string
  /** As in the image config: name or number, maybe with a group. */
  readonly user: string
  readonly mounts: readonly RequestedMount[]
  readonly network: 'host' | 'none'
  readonly insecure: boolean
  readonly hosts: readonly { readonly host: string; readonly address: string }[]
  readonly hostname: string
  readonly resourceLimits: readonly ResourceLimit[]
  readonly controlLimits: ControlLimits
  readonly shmSize: number
  readonly form: WantedForm
  /** The blob of the layer that this step made last. */
  readonly reuse: Descriptor['digest'] | undefined
  /** Seconds since 1970 for every timestamp. */
  readonly timestamp: number | undefined
  readonly keepFailed: boolean
  readonly strictOwnership: boolean
}

/** Opens a shell in what a failed step left, on the worker's own terminal. */
export interface ShellRequest {
  readonly kind: 'shell'
  /** Used as the step's id. */
  readonly step: string
  readonly kept: string
  readonly args: readonly string[]
}

export type ToWorker =
  | WorkerStart
  | RunRequest
  | ShellRequest
  /** Stops the command of a step. */
  | { readonly kind: 'stop'; readonly step: string }

export type FromWorker =
  | {
      readonly kind: 'ready'
      readonly isolation: Isolation
      readonly program: string
      readonly overlay: boolean
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
      /** Whether owners, modes and devices of the layer are what the command made them. */
      readonly exact: boolean
    }
  /** The command ended with anything but 0, or the shell ended. */
  | {
      readonly kind: 'failed'
      readonly step: string
      readonly exit: Exit
      /** Names its filesystem for `tsbuild shell`. */
      readonly kept: string | undefined
      /** Whether it said that it was refused an owner, in a place with one id. */
      readonly refused: boolean
    }
  | {
      readonly kind: 'error'
      /** Undefined for the start. */
      readonly step: string | undefined
      readonly error: ErrorRecord
    }
