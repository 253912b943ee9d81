// Capabilities and groups by setpriv(1).
import { DEFAULT_CAPABILITIES } from './capabilities.ts'
import type { SandboxCommand } from './types.ts'

/**
 * Words before a command line that leave it Docker's capabilities at most, or all if it is insecure. With `groups` it gets the user's
 * groups too; its user id is for whoever comes next, as that takes the capability to change the root.
 */
export function setprivWords(setpriv: string, { insecure, user }: SandboxCommand, groups: boolean): readonly string[] {
  const kept = DEFAULT_CAPABILITIES.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)
  const capabilities = insecure ? [] : [`--bounding-set=-all,${kept.join(',')}`, '--inh-caps=-all']
  const others = user.groups.length > 0 ? `--groups=${user.groups.join(',')}` : '--clear-groups'
  const ids = groups ? [`--regid=${user.gid}`, others] : []
  return capabilities.length + ids.length === 0 ? [] : [setpriv, ...ids, ...capabilities, '--']
}
