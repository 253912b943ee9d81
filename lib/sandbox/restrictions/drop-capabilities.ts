// Capabilities, groups and a seccomp filter by setpriv(1).
import { execFileSync } from 'node:child_process'
import { probeEnvironment } from '../attempt.ts'
import type { SandboxCommand } from '../types.ts'
import { DEFAULT_CAPABILITIES } from './capabilities.ts'

/**
 * Words before a command line that leave it Docker's capabilities at most, or all if it is insecure. With `groups` it gets the user's
 * groups too; its user id is for whoever comes next, as that takes the capability to change the root. `filter` is a file with a program for
 * seccomp, for one that {@link supportsSeccompFilter}.
 */
export function setprivArgv(
  setpriv: string,
  { insecure, user }: SandboxCommand,
  groups: boolean,
  filter?: string,
): readonly string[] {
  const kept = DEFAULT_CAPABILITIES.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)
  const capabilities = insecure ? [] : [`--bounding-set=-all,${kept.join(',')}`, '--inh-caps=-all']
  const others = user.groups.length > 0 ? `--groups=${user.groups.join(',')}` : '--clear-groups'
  const ids = groups ? [`--regid=${user.gid}`, others] : []
  const calls = filter === undefined ? [] : [`--seccomp-filter=${filter}`]
  const words = [...ids, ...capabilities, ...calls]
  return words.length === 0 ? [] : [setpriv, ...words, '--']
}

/** Whether it is one that can put a seccomp filter on: util-linux has that since 2.40. */
export function supportsSeccompFilter(setpriv: string): boolean {
  return execFileSync(setpriv, ['--help'], { encoding: 'utf8', env: probeEnvironment() }).includes('--seccomp-filter')
}
