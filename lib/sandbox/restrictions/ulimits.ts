// Resource limits by prlimit(1).

import type { ProcessMark } from '../launch/kill-processes.ts'
import type { ResourceLimit } from '../types.ts'

/**
 * Words before a command line that give it limits, and a mark to be found by. A mark takes the place of the hard limit of real-time
 * processes: that is no limit. Empty where nothing is asked for.
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
