// `--ulimit`: resource limits, set by prlimit(1). An OCI runtime and the native helper set them themselves.
import type { ProcessMark } from '../launch/kill-processes.ts'
import type { ResourceLimit } from '../types.ts'

/**
 * The arguments that put limits before a command line, and a mark by which its processes are found. The mark is the
 * hard limit of the time of real-time processes, too large to limit anything. Empty where nothing is asked for.
 */
export function prlimitArgv(
  prlimit: string,
  limits: readonly ResourceLimit[],
  mark?: ProcessMark | undefined,
): readonly string[] {
  const own = limits.map(
    ({ name, soft, hard }) => `--${name}=${value(soft)}:${value(mark && name === 'rttime' ? mark : hard)}`,
  )
  const marked = mark === undefined || limits.some(({ name }) => name === 'rttime') ? [] : [`--rttime=${mark}:${mark}`]
  return own.length + marked.length === 0 ? [] : [prlimit, ...own, ...marked, '--']
}

function value(limit: number): string {
  return limit < 0 || !Number.isFinite(limit) ? 'unlimited' : `${limit}`
}
