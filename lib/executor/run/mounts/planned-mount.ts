// A mount of a RUN step, planned: the request to the worker, and the part of the step's cache key.
import { cleanPath } from '../../../base/paths.ts'
import type { RunOp } from '../../../graph/types.ts'
import type { RequestedMount } from '../../worker/protocol.ts'

export type ResolvedMount = RunOp['mounts'][number]

export interface PlannedMount {
  /** Undefined for an optional mount that was not given. */
  readonly mount: RequestedMount | undefined
  readonly key: string
}

/** A clean absolute path; `..` stops at the root. */
export function absolutePath(path: string, base: string): string {
  return `/${cleanPath(path.startsWith('/') ? path : `${base}/${path}`)}`
}
