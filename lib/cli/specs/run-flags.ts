import type { FlagSpec } from '../command-spec.ts'

const GROUP = 'RUN steps'

/** The flags for RUN steps. */
export const RUN_FLAGS: readonly FlagSpec[] = [
  {
    name: 'isolation',
    kind: 'value',
    placeholder: 'KIND',
    choices: ['auto', 'oci', 'bwrap', 'userns', 'chroot', 'virtual', 'proot', 'default'],
    group: GROUP,
    summary: 'auto (the strongest that works), oci, bwrap, userns, chroot, virtual, or proot',
  },
  {
    name: 'secret',
    kind: 'list',
    placeholder: 'id=ID[,src=FILE|,env=NAME]',
    group: GROUP,
    summary: 'Provide a secret to steps that mount it',
  },
  {
    name: 'ssh',
    kind: 'list',
    placeholder: 'ID[=SOCKET]',
    group: GROUP,
    summary: 'Provide an ssh agent to steps that mount it (default: $SSH_AUTH_SOCK)',
  },
  {
    name: 'network',
    kind: 'value',
    placeholder: 'MODE',
    choices: ['default', 'none', 'host'],
    group: GROUP,
    summary: 'Default network of steps: default and host use the network of the host, none has loopback only',
  },
  { name: 'add-host', kind: 'list', placeholder: 'HOST:ADDRESS', group: GROUP, summary: 'Add a line to /etc/hosts' },
  {
    name: 'allow',
    kind: 'list',
    placeholder: 'ENTITLEMENT',
    group: GROUP,
    summary: 'Grant network.host or security.insecure',
  },
  { name: 'ulimit', kind: 'list', placeholder: 'NAME=SOFT[:HARD]', group: GROUP, summary: 'Set a resource limit' },
  { name: 'shm-size', kind: 'value', placeholder: 'SIZE', group: GROUP, summary: 'Size of /dev/shm (default: 64m)' },
  {
    name: 'memory',
    short: 'm',
    kind: 'value',
    placeholder: 'SIZE',
    group: GROUP,
    summary: 'Limit memory (isolation oci only)',
  },
  {
    name: 'memory-swap',
    kind: 'value',
    placeholder: 'SIZE',
    group: GROUP,
    summary: 'Limit memory and swap together; -1 for no limit',
  },
  {
    name: 'cpu-shares',
    short: 'c',
    kind: 'value',
    placeholder: 'N',
    group: GROUP,
    summary: 'Relative weight of CPU time',
  },
  {
    name: 'cpu-period',
    kind: 'value',
    placeholder: 'MICROSECONDS',
    group: GROUP,
    summary: 'Length of a period of CPU time',
  },
  {
    name: 'cpu-quota',
    kind: 'value',
    placeholder: 'MICROSECONDS',
    group: GROUP,
    summary: 'CPU time to use in each period',
  },
  { name: 'cpuset-cpus', kind: 'value', placeholder: 'LIST', group: GROUP, summary: 'CPUs to run on, e.g. 0-3' },
  { name: 'cpuset-mems', kind: 'value', placeholder: 'LIST', group: GROUP, summary: 'Memory nodes to use' },
  {
    name: 'keep-failed',
    kind: 'switch',
    group: GROUP,
    summary: 'Keep the filesystem of a failed step for the shell command',
  },
  {
    name: 'full-log',
    kind: 'switch',
    group: GROUP,
    summary: 'Show all output of steps; by default it is clipped at 2 MiB and at 200 KiB a second',
  },
  {
    name: 'strict-ownership',
    kind: 'switch',
    group: GROUP,
    summary: 'Fail, instead of warning, if the owners of files cannot be recorded',
  },
]
