// Why a namespace was refused, and what would let it be made.
import type { Attempt } from '../attempt.ts'
import type { IdMapping, Probe } from '../types.ts'
import { type HostFacts, hasCapability } from './host-facts.ts'

/** What stands in the way of stronger isolation. */
export type RefusalCause =
  /** The seccomp filter of a container forbids unshare and mount. */
  | 'seccomp'
  /** An AppArmor profile of a container forbids mounts. */
  | 'apparmor'
  /** Ubuntu lets only programs with an AppArmor profile make user namespaces. */
  | 'apparmor-sysctl'
  /** A sysctl of Debian's kernels forbids user namespaces. */
  | 'userns-sysctl'
  /** The number of user namespaces is used up, or 0. */
  | 'userns-limit'
  /** The kernel has no user namespaces. */
  | 'kernel'
  /** The container has parts of /proc masked, so no new one may be mounted. */
  | 'masked-proc'
  | 'no-new-privileges'
  | 'no-subordinate-ids'
  /** The user has no name. */
  | 'no-user'
  | 'no-newuidmap'
  /** newuidmap is there but may not do its work. */
  | 'weak-newuidmap'
  | 'no-unshare'
  | 'no-capability'

/** A probe of a place that knows why it failed. */
export interface NamespaceProbe extends Probe {
  readonly cause?: RefusalCause | undefined
}

/** The probe of a refused way into namespaces: in the system's words, with advice where there is some. */
export function refused(name: string, mapping: IdMapping, tried: Attempt, surroundings: HostFacts): NamespaceProbe {
  const cause = causeOfRefusal(mapping, tried, surroundings)
  return { name, ok: false, detail: tried.message, remedy: cause && remedyOf(cause, surroundings), cause }
}

export function causeOfRefusal(
  mapping: IdMapping,
  { message: words, errno }: Attempt,
  s: HostFacts,
): RefusalCause | undefined {
  if (/^unshare: no such program/.test(words) || /unrecognized option/.test(words)) return 'no-unshare'
  const ids = mapping === 'multiple' && s.uid !== 0 ? idsCause(words, s) : undefined
  if (ids) return ids
  if (errno === 'ENOSPC' || s.maxUserNamespaces === 0) return 'userns-limit'
  if (errno === 'ENOSYS' || errno === 'EINVAL') return 'kernel'
  if (errno !== 'EPERM' && errno !== 'EACCES') return undefined
  if (s.seccomp) return 'seccomp'
  if (mapping === 'root' && !hasCapability(s, 'sysAdmin')) return 'no-capability'
  if (s.unprivilegedUserns === 0) return 'userns-sysctl'
  if (s.apparmorRestrictsUserns === 1 && s.uid !== 0) return 'apparmor-sysctl'
  if (s.apparmor !== undefined) return 'apparmor'
  return s.noNewPrivileges ? 'no-new-privileges' : undefined
}

function idsCause(words: string, { noNewPrivileges }: HostFacts): RefusalCause | undefined {
  if (/don't exist|user name/.test(words)) return 'no-user'
  if (/subuid|subgid/.test(words)) return 'no-subordinate-ids'
  if (!/new[ug]idmap/.test(words)) return undefined
  if (/No such file/.test(words)) return 'no-newuidmap'
  return noNewPrivileges ? 'no-new-privileges' : 'weak-newuidmap'
}

/** What would remove a cause, on one line. */
export function remedyOf(cause: RefusalCause, { uid, apparmor }: HostFacts): string {
  switch (cause) {
    case 'seccomp':
      return 'let the seccomp profile of the container allow unshare and mount: `seccompProfile: {type: Unconfined}` (Kubernetes), `--security-opt seccomp=unconfined` (Docker)'
    case 'apparmor':
      return `the AppArmor profile ${apparmor} forbids mounts: \`appArmorProfile: {type: Unconfined}\` (Kubernetes), \`--security-opt apparmor=unconfined\` (Docker)`
    case 'apparmor-sysctl':
      return 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with `userns,` for node'
    case 'userns-sysctl':
      return 'sysctl -w kernel.unprivileged_userns_clone=1'
    case 'userns-limit':
      return 'sysctl -w user.max_user_namespaces=15000 (it is the limit of namespaces that a user may have)'
    case 'kernel':
      return 'use a kernel with user namespaces (CONFIG_USER_NS)'
    case 'masked-proc':
      return 'let the container mount /proc: `procMount: Unmasked` (Kubernetes), `--security-opt systempaths=unconfined` (Docker)'
    case 'no-new-privileges':
      return 'newuidmap needs privileges that no_new_privs withholds: `allowPrivilegeEscalation: true` (Kubernetes), no `--security-opt no-new-privileges` (Docker)'
    case 'no-subordinate-ids':
      return `give the user ids of its own: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$(id -nu ${uid ?? ''})"`
    case 'no-user':
      return `give uid ${uid} a line in /etc/passwd, and ids in /etc/subuid and /etc/subgid`
    case 'no-newuidmap':
      return 'install newuidmap: the package uidmap (Debian, Ubuntu), shadow-utils (Fedora) or shadow-uidmap (Alpine)'
    case 'weak-newuidmap':
      return 'make newuidmap and newgidmap set-user-id root, or give them the file capabilities cap_setuid and cap_setgid; a container must not drop SETUID and SETGID'
    case 'no-unshare':
      return 'install the package util-linux, whose unshare this needs'
    case 'no-capability':
      return 'let the container make user namespaces, or give it the capability SYS_ADMIN'
  }
}
