// The device nodes, links and directories that a container has in /dev; see runtime-spec
// config-linux.md#default-devices.

export interface DeviceNode {
  readonly name: string
  readonly major: number
  readonly minor: number
}

/** The character devices, which everyone may read and write. */
export const DEVICE_NODES: readonly DeviceNode[] = [
  { name: 'null', major: 1, minor: 3 },
  { name: 'zero', major: 1, minor: 5 },
  { name: 'full', major: 1, minor: 7 },
  { name: 'random', major: 1, minor: 8 },
  { name: 'urandom', major: 1, minor: 9 },
  { name: 'tty', major: 5, minor: 0 },
]

/** The symbolic links. */
export const DEVICE_LINKS: readonly (readonly [name: string, target: string])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
  ['core', '/proc/kcore'],
  ['ptmx', 'pts/ptmx'],
]

/** The directories that the system mounts something at. */
export const DEVICE_DIRECTORIES: readonly string[] = ['pts', 'shm', 'mqueue']
