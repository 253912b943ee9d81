// `RUN --network=none`: a network namespace of its own, which has nothing but a loopback. chroot and proot have no
// namespaces and refuse it. The helper gets it as the record `network none` (native/native-spec.ts).
import { TsbuildError } from '../../base/errors.ts'
import type { Isolation, SandboxCommand } from '../types.ts'

/** How each program spells a new network namespace. */
const SPELLINGS = {
  /** A type of `linux.namespaces` in the configuration of an OCI runtime. */
  oci: 'network',
  bwrap: '--unshare-net',
  /** unshare(1) makes the namespace; the loopback in it is down at first (userns/userns-mounts.ts). */
  unshare: '-n',
  /** A file of /proc/PID/ns, by which nsenter(1) joins the namespace. */
  nsenter: 'net',
} as const

/** The option that asks a program for a network namespace; empty for a command that uses the host's network. */
export function networkNone(program: keyof typeof SPELLINGS, { network }: SandboxCommand): readonly string[] {
  return network === 'none' ? [SPELLINGS[program]] : []
}

/** Errors with SANDBOX_LACKS for `--network=none` with a back-end that has no namespaces. */
export function refuseNetworkNone(isolation: Isolation, { network }: SandboxCommand): void {
  if (network !== 'none') return
  throw new TsbuildError('SANDBOX_LACKS', `${isolation} cannot keep a command from the network`, {
    hint: 'use --network=default or host, or build where namespaces are allowed: see tsbuild doctor',
  })
}
