// The mounts of a container, as an OCI runtime takes them.

import { unreachable } from '../../base/unreachable.ts'
import { shmMountOptions } from '../dev/shm-size.ts'
import { lockedMountFlags } from '../namespaces/locked-mount-flags.ts'
import type { SandboxCommand, SandboxMount, WorkerNamespaces } from '../types.ts'

/** See runtime-spec config.md#mounts. */
export interface OciMount {
  readonly destination: string
  readonly type: string
  readonly source: string
  readonly options: readonly string[]
}

/** The system's mounts, then the command's, in the order in which the runtime makes them. */
export function ociMounts(command: SandboxCommand, namespaces: WorkerNamespaces): readonly OciMount[] {
  const own = new Set(command.mounts.map(({ target }) => target))
  // A mount of the command replaces the system's mount at the same target.
  const system = systemMounts(command, namespaces).filter(({ destination }) => !own.has(destination))
  return [...system, ...command.mounts.map((mount) => commandMount(mount, namespaces))]
}

function systemMounts(command: SandboxCommand, namespaces: WorkerNamespaces): readonly OciMount[] {
  const quiet = ['nosuid', 'noexec', 'nodev']
  // A user namespace with one id has no group 5 for terminals.
  const tty = namespaces.mapping === 'single' || namespaces.mapping === 'none' ? [] : ['gid=5']
  return [
    namespaces.processes
      ? { destination: '/proc', type: 'proc', source: 'proc', options: quiet }
      : { destination: '/proc', type: 'bind', source: '/proc', options: ['rbind'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...tty],
    },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: shmMountOptions(command.shmSize) },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: quiet },
    sysMount(command, namespaces),
  ]
}

/** A sysfs shows one network namespace, and only that namespace's owner may mount it: otherwise the host's is bound. */
function sysMount({ network, insecure }: SandboxCommand, namespaces: WorkerNamespaces): OciMount {
  const quiet = ['nosuid', 'noexec', 'nodev']
  const access = insecure ? 'rw' : 'ro'
  if (namespaces.mapping === 'root' || (network === 'none' && namespaces.processes)) {
    return { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...quiet, access] }
  }
  return { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', ...quiet, 'ro'] }
}

function commandMount(mount: SandboxMount, namespaces: WorkerNamespaces): OciMount {
  const { target: destination } = mount
  switch (mount.kind) {
    case 'bind': {
      const { source, readonly } = mount
      const locked = namespaces.mapping === 'root' ? [] : lockedMountFlags(source)
      const options = new Set(['rbind', readonly ? 'ro' : 'rw', ...locked])
      if (options.has('ro')) options.delete('rw')
      return { destination, type: 'bind', source, options: [...options] }
    }
    case 'tmpfs': {
      const size = mount.size === undefined ? [] : [`size=${mount.size}`]
      // No nodev: a step that may make devices may use them, as with Docker.
      const options = ['nosuid', `mode=${mount.mode.toString(8)}`, ...size]
      return { destination, type: 'tmpfs', source: 'tmpfs', options }
    }
    default:
      return unreachable(mount)
  }
}
