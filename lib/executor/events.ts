// Build progress as data: JSON-safe, in order. Every renderer is a reducer over these.
import type { ErrorCode } from '../base/errors.ts'
import type { Digest } from '../oci/types.ts'
import type { Isolation } from '../sandbox/types.ts'

/** One step as progress shows it. */
export interface StepInfo {
  readonly id: string
  /** e.g. `[build 2/5] COPY . /src` */
  readonly name: string
  readonly inputs: readonly string[]
  /** 1-based line in the Dockerfile, when the step comes from one. */
  readonly line?: number
}

/** Times are milliseconds since 1970. */
export type BuildEvent =
  | { readonly type: 'plan'; readonly time: number; readonly steps: readonly StepInfo[] }
  | { readonly type: 'started'; readonly time: number; readonly step: string }
  /** `current` and `total` in `unit`; total is absent while it is unknown. */
  | {
      readonly type: 'progress'
      readonly time: number
      readonly step: string
      readonly current: number
      readonly total?: number
      readonly unit: 'bytes' | 'files'
    }
  | {
      readonly type: 'log'
      readonly time: number
      readonly step: string
      readonly stream: 'stdout' | 'stderr'
      readonly text: string
    }
  /** The step is not in the cache, and why. `details` are lines that say it at length. */
  | {
      readonly type: 'missed'
      readonly time: number
      readonly step: string
      /** e.g. `main.js changed, and 3 other files` */
      readonly reason: string
      readonly details: readonly string[]
      /** No build is known that made the step. */
      readonly isFirst?: true
    }
  | {
      readonly type: 'completed'
      readonly time: number
      readonly step: string
      readonly cached: boolean
      readonly error?: string
      /** The step was stopped: the build was aborted, or another step failed. */
      readonly cancelled?: true
    }
  /** `text` is the diagnostic as formatDiagnostic() prints it. */
  | {
      readonly type: 'warning'
      readonly time: number
      readonly code: ErrorCode
      readonly message: string
      readonly text: string
      readonly line?: number
    }
  /** The sandbox of RUN steps, once it is chosen. */
  | {
      readonly type: 'sandbox'
      readonly time: number
      readonly isolation: Isolation
      /** e.g. `runc 1.1.5`. */
      readonly program: string
      /** Whether layers are stacked with overlayfs; else they are unpacked into one directory. */
      readonly overlay: boolean
    }
  | {
      readonly type: 'exported'
      readonly time: number
      readonly output: string
      readonly destination: string
      readonly digest?: Digest
      readonly size?: number
    }
