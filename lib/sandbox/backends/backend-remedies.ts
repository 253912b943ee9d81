// What would make a back-end work that doesn't.
import type { Attempt } from '../attempt.ts'
import type { WorkerNamespaces } from '../types.ts'

/** Advice for a program that was tried and failed; undefined if there is none. */
export function backendRemedy(
  name: string,
  { message: words, errno }: Attempt,
  namespaces: WorkerNamespaces,
): string | undefined {
  if (/no such program|not installed/.test(words)) return PACKAGES[name]
  // An old one fails the trial: newer system calls reach the host's files instead of the root's.
  if (name === 'proot' && namespaces.mapping === 'none') return PACKAGES[name]
  if (/no user mapping found/.test(words))
    return 'install crun, or give the user subordinate ids: runc needs more than one'
  if (/cgroup/i.test(words)) return 'mount cgroup v2 alone at /sys/fs/cgroup, or use another back-end'
  if (errno === 'EACCES' && /probe/.test(words)) return 'put the store on a file system without noexec: TSBUILD_HOME'
  if ((errno === 'EPERM' || errno === 'EACCES') && !namespaces.mounts)
    return 'it needs a mount namespace: see the first rows'
  return undefined
}

const PACKAGES: Readonly<Record<string, string>> = {
  bwrap: 'install the package bubblewrap',
  crun: 'install the package crun',
  proot: 'install proot 5.4 or newer and name it in TSBUILD_PROOT (Debian 12 and 13 have 5.1, which misses statx)',
  runc: 'install the package runc',
  'tsbuild-sandbox': `install the optional npm package @tsbuild/sandbox-linux-${process.arch}`,
  unshare: 'install the package util-linux',
}
