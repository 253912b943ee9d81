// Remedies for back-ends that don't work.
import type { Attempt } from '../attempt.ts'
import type { WorkerNamespaces } from '../types.ts'

/** A one-line remedy for a program that was tried and failed; undefined if none is known. */
export function backendRemedy(
  name: string,
  { message, errno }: Attempt,
  namespaces: WorkerNamespaces,
): string | undefined {
  if (/no such program|not installed/.test(message)) return PACKAGES[name]
  if (name === 'virtual root' && namespaces.mapping === 'none') return VIRTUAL_ROOT_NEEDS
  // An old proot fails the trial: newer system calls reach the host's files instead of the root's.
  if (name === 'proot' && namespaces.mapping === 'none') return PACKAGES[name]
  if (/no user mapping found/.test(message))
    return 'install crun, or give the user subordinate ids: runc needs more than one'
  if (/cgroup/i.test(message)) return 'mount cgroup v2 alone at /sys/fs/cgroup, or use another back-end'
  if (errno === 'EACCES' && /probe/.test(message))
    return 'put the store on a file system without noexec: set TSBUILD_HOME'
  if ((errno === 'EPERM' || errno === 'EACCES') && !namespaces.mounts)
    return 'it needs a mount namespace: see the namespaces above'
  return undefined
}

const VIRTUAL_ROOT_NEEDS =
  'it needs x64 or arm64, Linux 5.19, unlimited hard limits, and ptrace of own processes (kernel.yama.ptrace_scope 0 or 1)'

const HELPER_PACKAGE =
  'install tsbuild where programs can be executed, on Linux on x64 or arm64: its npm package brings the helper'

const PACKAGES: Readonly<Record<string, string>> = {
  bwrap: 'install the package bubblewrap',
  crun: 'install the package crun',
  proot: 'install proot 5.4 or newer and name it in TSBUILD_PROOT (Debian 12 and 13 have 5.1, which misses statx)',
  runc: 'install the package runc',
  'tsbuild-sandbox': HELPER_PACKAGE,
  unshare: 'install the package util-linux',
  'virtual root': HELPER_PACKAGE,
}
