// Why the system refused a namespace, and what to change so that it is allowed.
import type { Attempt } from '../attempt.ts'
import { hasCapability } from '../restrictions/capabilities.ts'
import type { IdMapping, Probe } from '../types.ts'
import type { HostFacts } from './host-facts.ts'

/** The causes that prevent stronger isolation. */
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
  /** The container masks parts of /proc, so that no new /proc may be mounted. */
  | 'masked-proc'
  | 'no-new-privileges'
  | 'no-subordinate-ids'
  /** The uid has no line in /etc/passwd. */
  | 'no-user'
  | 'no-newuidmap'
  /** newuidmap exists but lacks its privileges. */
  | 'weak-newuidmap'
  | 'no-unshare'
  | 'no-capability'

/** A probe of namespaces, with the cause of its failure. */
export interface NamespaceProbe extends Probe {
  readonly cause?: RefusalCause | undefined
}

/** The probe of namespaces that were refused: the system's own message, and a remedy if one is known. */
export function refused(
  { name, mapping }: { readonly name: string; readonly mapping: IdMapping },
  tried: Attempt,
  facts: HostFacts,
): NamespaceProbe {
  const cause = causeOfRefusal(mapping, tried, facts)
  return { name, ok: false, detail: tried.message, remedy: cause && remedyOf(cause, facts), cause }
}

/** The cause of a refusal, read from the message of the program that failed and from what the system says of itself. */
export function causeOfRefusal(
  mapping: IdMapping,
  { message, errno }: Attempt,
  facts: HostFacts,
): RefusalCause | undefined {
  if (/^unshare: no such program/.test(message) || /unrecognized option/.test(message)) return 'no-unshare'
  const ids = mapping === 'multiple' && facts.uid !== 0 ? causeOfMapping(message, facts) : undefined
  if (ids) return ids
  if (errno === 'ENOSPC' || facts.maxUserNamespaces === 0) return 'userns-limit'
  if (errno === 'ENOSYS' || errno === 'EINVAL') return 'kernel'
  if (errno !== 'EPERM' && errno !== 'EACCES') return undefined
  if (facts.seccomp) return 'seccomp'
  if (mapping === 'root' && !hasCapability(facts.capabilities, 'CAP_SYS_ADMIN')) return 'no-capability'
  if (facts.unprivilegedUserns === 0) return 'userns-sysctl'
  if (facts.apparmorRestrictsUserns === 1 && facts.uid !== 0) return 'apparmor-sysctl'
  if (facts.apparmor !== undefined) return 'apparmor'
  return facts.noNewPrivileges ? 'no-new-privileges' : undefined
}

/** Why a user's subordinate ids could not be mapped. */
function causeOfMapping(message: string, { noNewPrivileges }: HostFacts): RefusalCause | undefined {
  if (/don't exist|user name/.test(message)) return 'no-user'
  if (/subuid|subgid/.test(message)) return 'no-subordinate-ids'
  if (!/new[ug]idmap/.test(message)) return undefined
  if (/No such file/.test(message)) return 'no-newuidmap'
  return noNewPrivileges ? 'no-new-privileges' : 'weak-newuidmap'
}

/** A one-line remedy for a cause. */
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
      return 'sysctl -w user.max_user_namespaces=15000 (the number of user namespaces that a user may have)'
    case 'kernel':
      return 'use a kernel with user namespaces (CONFIG_USER_NS)'
    case 'masked-proc':
      return 'let the container mount /proc: `procMount: Unmasked` (Kubernetes), `--security-opt systempaths=unconfined` (Docker)'
    case 'no-new-privileges':
      return 'newuidmap needs privileges that no_new_privs withholds: `allowPrivilegeEscalation: true` (Kubernetes), no `--security-opt no-new-privileges` (Docker)'
    case 'no-subordinate-ids':
      return `give the user subordinate ids: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$(id -nu ${uid ?? ''})"`
    case 'no-user':
      return `give uid ${uid} a line in /etc/passwd, and ids in /etc/subuid and /etc/subgid`
    case 'no-newuidmap':
      return 'install newuidmap: the package uidmap (Debian, Ubuntu), shadow-utils (Fedora) or shadow-uidmap (Alpine)'
    case 'weak-newuidmap':
      return 'make newuidmap and newgidmap set-user-id root, or give them the file capabilities cap_setuid and cap_setgid; a container must not drop SETUID and SETGID'
    case 'no-unshare':
      return 'install the package util-linux, which has unshare'
    case 'no-capability':
      return 'let the container make user namespaces, or give it the capability SYS_ADMIN'
  }
}
