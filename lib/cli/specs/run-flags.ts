import type { FlagSpec } from '../command.ts'

const group = 'RUN steps'

/** How RUN steps are carried out. */
export const runFlags: readonly FlagSpec[] = [
  {
    name: 'isolation',
    kind: 'value',
    placeholder: 'KIND',
    choices: ['auto', 'oci', 'bwrap', 'userns', 'chroot', 'proot'],
    group,
    summary: 'auto (the strongest that works here), oci, bwrap, userns, chroot, or proot',
  },
  {
    name: 'secret',
    kind: 'list',
    placeholder: 'id=ID[,src=FILE|,env=NAME]',
    group,
    summary: 'A secret for steps that mount it',
  },
  {
    name: 'ssh',
    kind: 'list',
    placeholder: 'ID[=SOCKET]',
    group,
    summary: 'An ssh agent for steps that mount it (default: $SSH_AUTH_SOCK)',
  },
  {
    name: 'network',
    kind: 'value',
    placeholder: 'MODE',
    choices: ['default', 'none', 'host'],
    group,
    summary: "Network of steps that say nothing: default and host are the host's, none is loopback only",
  },
  { name: 'add-host', kind: 'list', placeholder: 'HOST:ADDRESS', group, summary: 'Add a line to /etc/hosts' },
  { name: 'allow', kind: 'list', placeholder: 'RIGHT', group, summary: 'Grant network.host or security.insecure' },
  { name: 'ulimit', kind: 'list', placeholder: 'NAME=SOFT[:HARD]', group, summary: 'Set a resource limit' },
  { name: 'shm-size', kind: 'value', placeholder: 'SIZE', group, summary: 'Size of /dev/shm (default: 64m)' },
  {
    name: 'memory',
    short: 'm',
    kind: 'value',
    placeholder: 'SIZE',
    group,
    summary: 'Limit memory (isolation oci only)',
  },
  {
    name: 'memory-swap',
    kind: 'value',
    placeholder: 'SIZE',
    group,
    summary: 'Limit memory and swap together; -1: no limit',
  },
  { name: 'cpu-shares', short: 'c', kind: 'value', placeholder: 'N', group, summary: 'Relative weight of CPU time' },
  { name: 'cpu-period', kind: 'value', placeholder: 'MICROSECONDS', group, summary: 'Length of a period of CPU time' },
  { name: 'cpu-quota', kind: 'value', placeholder: 'MICROSECONDS', group, summary: 'CPU time to use in each period' },
  { name: 'cpuset-cpus', kind: 'value', placeholder: 'LIST', group, summary: 'CPUs to run on, e.g. 0-3' },
  { name: 'cpuset-mems', kind: 'value', placeholder: 'LIST', group, summary: 'Memory nodes to use' },
  {
    name: 'keep-failed',
    kind: 'switch',
    group,
    summary: 'Keep the filesystem of a failed step, for the shell command',
  },
  {
    name: 'strict-ownership',
    kind: 'switch',
    group,
    summary: 'Fail a step whose owners of files can not be recorded, instead of warning',
  },
]
