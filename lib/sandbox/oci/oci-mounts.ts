// What a container sees mounted, as an OCI runtime takes it.

import { unreachable } from '../../base/unreachable.ts'
import { mountFlagsOf } from '../namespaces/locked-mount-flags.ts'
import type { Place, SandboxCommand, SandboxMount } from '../types.ts'

/** See runtime-spec config.md#mounts. */
export interface OciMount {
  readonly destination: string
  readonly type: string
  readonly source: string
  readonly options: readonly string[]
}

/** The system's own mounts and then the command's, in the order in which they are made. */
export function ociMounts(command: SandboxCommand, place: Place): readonly OciMount[] {
  const own = new Set(command.mounts.map(({ target }) => target))
  // What the command mounts in place of a mount of the system's is all that is there.
  const system = systemMounts(command, place).filter(({ destination }) => !own.has(destination))
  return [...system, ...command.mounts.map((mount) => commandMount(mount, place))]
}

function systemMounts({ network, insecure, shmSize }: SandboxCommand, place: Place): readonly OciMount[] {
  const quiet = ['nosuid', 'noexec', 'nodev']
  // A single-uid namespace has no group 5 for terminals.
  const tty = place.mapping === 'single' || place.mapping === 'none' ? [] : ['gid=5']
  return [
    place.processes
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
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...quiet, 'mode=1777', `size=${shmSize}`] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: quiet },
    sysMount(network, insecure, place),
  ]
}

/** A fresh sysfs shows one network namespace, and only who owns that may mount it. */
function sysMount(network: SandboxCommand['network'], insecure: boolean, place: Place): OciMount {
  const quiet = ['nosuid', 'noexec', 'nodev']
  const access = insecure ? 'rw' : 'ro'
  if (place.mapping === 'root' || (network === 'none' && place.processes)) {
    return { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...quiet, access] }
  }
  return { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', ...quiet, 'ro'] }
}

function commandMount(mount: SandboxMount, place: Place): OciMount {
  const { target: destination } = mount
  switch (mount.kind) {
    case 'bind': {
      const { source, readonly } = mount
      const locked = place.mapping === 'root' ? [] : mountFlagsOf(source)
      const options = new Set(['rbind', readonly ? 'ro' : 'rw', ...locked])
      if (options.has('ro')) options.delete('rw')
      return { destination, type: 'bind', source, options: [...options] }
    }
    case 'tmpfs': {
      const size = mount.size === undefined ? [] : [`size=${mount.size}`]
      // No nodev: who may make devices in a step may use them there, as with Docker.
      const options = ['nosuid', `mode=${mount.mode.toString(8)}`, ...size]
      return { destination, type: 'tmpfs', source: 'tmpfs', options }
    }
    default:
      return unreachable(mount)
  }
}
