// What would let a namespace be made that was refused.
import type { Attempt } from './attempt.ts'
import { hasCapability, type Surroundings } from './surroundings.ts'
import type { IdMapping } from './types.ts'

/** Advice for a refused way into namespaces, from what the system said and what holds the process back; undefined if there is none. */
export function placeRemedy(mapping: IdMapping, tried: Attempt, surroundings: Surroundings): string | undefined {
  const { words } = tried
  if (/^unshare: .*\(ENOENT\)$/.test(words)) return 'install the package util-linux, which has the program unshare'
  if (/unrecognized option/.test(words)) return 'install the package util-linux: this unshare is another one'
  const ids = mapping === 'multiple' && surroundings.uid !== 0 ? idsRemedy(words, surroundings) : undefined
  return ids ?? namespaceRemedy(mapping, tried, surroundings)
}

function idsRemedy(words: string, { uid, noNewPrivileges }: Surroundings): string | undefined {
  if (/don't exist|user name/.test(words)) {
    return `give uid ${uid} a line in /etc/passwd, and ids in /etc/subuid and /etc/subgid`
  }
  if (/subuid|subgid/.test(words)) {
    return `give the user ids of its own: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${userWord(words, uid)}`
  }
  if (!/new[ug]idmap/.test(words)) return undefined
  if (/No such file/.test(words)) {
    return 'install newuidmap: the package uidmap (Debian, Ubuntu), shadow-utils (Fedora) or shadow-uidmap (Alpine)'
  }
  if (noNewPrivileges) {
    return 'newuidmap needs privileges that no_new_privs withholds: `allowPrivilegeEscalation: true` (Kubernetes), no `--security-opt no-new-privileges` (Docker)'
  }
  return 'make newuidmap and newgidmap set-user-id root, or give them the file capabilities cap_setuid and cap_setgid; a container must not drop SETUID and SETGID'
}

function userWord(words: string, uid: number | undefined): string {
  const name = /user "([\w.-]+)"/.exec(words)?.[1]
  return name ?? `"$(id -nu ${uid ?? ''})"`.replace(' )', ')')
}

function namespaceRemedy(mapping: IdMapping, { errno }: Attempt, s: Surroundings): string | undefined {
  if (errno === 'ENOSPC' || s.maxUserNamespaces === 0) {
    return 'sysctl -w user.max_user_namespaces=15000 (it is the limit of namespaces that this user may have)'
  }
  if (errno === 'ENOSYS' || errno === 'EINVAL') return 'use a kernel with user namespaces (CONFIG_USER_NS)'
  if (errno !== 'EPERM' && errno !== 'EACCES') return undefined
  if (mapping === 'root' && !hasCapability(s, 'sysAdmin')) {
    return s.seccomp ? seccompRemedy : 'give the container the capability SYS_ADMIN, or let it make user namespaces'
  }
  if (s.unprivilegedUserns === 0) return 'sysctl -w kernel.unprivileged_userns_clone=1'
  if (s.apparmorRestrictsUserns === 1 && s.uid !== 0) {
    return 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with `userns,` for node'
  }
  if (s.seccomp) return seccompRemedy
  if (s.apparmor !== undefined) {
    return `the AppArmor profile ${s.apparmor} forbids mounts: \`appArmorProfile: {type: Unconfined}\` (Kubernetes), \`--security-opt apparmor=unconfined\` (Docker)`
  }
  return s.noNewPrivileges ? 'run without no_new_privs' : undefined
}

const seccompRemedy =
  'let the seccomp profile of the container allow unshare and mount: `seccompProfile: {type: Unconfined}` (Kubernetes), `--security-opt seccomp=unconfined` (Docker)'
