// Drops capabilities by setpriv(1), which can also set groups and a seccomp filter.
import { execFileSync } from 'node:child_process'
import { probeEnvironment } from '../attempt.ts'
import type { SandboxCommand } from '../types.ts'
import { DEFAULT_CAPABILITIES } from './capabilities.ts'

export interface SetprivOptions {
  /** The program's path. */
  readonly setpriv: string
  /** Whether the command gets the groups of its user; impossible in a user namespace with one id. */
  readonly setGroups: boolean
  /** A file with a seccomp program, for a setpriv that {@link supportsSeccompFilter}. */
  readonly filter?: string | undefined
}

/**
 * The arguments before a command line that leave it Docker's capabilities at most; all of them if it is insecure. The
 * user id is not set here: the program that changes the root needs a capability which a change of user would drop.
 */
export function setprivArgv({ insecure, user }: SandboxCommand, options: SetprivOptions): readonly string[] {
  const { setpriv, setGroups, filter } = options
  const kept = DEFAULT_CAPABILITIES.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)
  const capabilities = insecure ? [] : [`--bounding-set=-all,${kept.join(',')}`, '--inh-caps=-all']
  const supplementary = user.groups.length > 0 ? `--groups=${user.groups.join(',')}` : '--clear-groups'
  const groups = setGroups ? [`--regid=${user.gid}`, supplementary] : []
  const seccomp = filter === undefined ? [] : [`--seccomp-filter=${filter}`]
  const argv = [...groups, ...capabilities, ...seccomp]
  return argv.length === 0 ? [] : [setpriv, ...argv, '--']
}

/** Whether a setpriv can put a seccomp filter on: it can since util-linux 2.40. */
export function supportsSeccompFilter(setpriv: string): boolean {
  return execFileSync(setpriv, ['--help'], { encoding: 'utf8', env: probeEnvironment() }).includes('--seccomp-filter')
}
