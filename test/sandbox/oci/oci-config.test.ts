import { expect, test } from 'vitest'
import { type OciConfig, ociConfig } from '../../../lib/sandbox/oci/oci-config.ts'
import {
  ALL_CAPABILITIES,
  availableCapabilities,
  DEFAULT_CAPABILITIES,
} from '../../../lib/sandbox/restrictions/capabilities.ts'
import type { IdMapping, SandboxCommand, WorkerNamespaces } from '../../../lib/sandbox/types.ts'

const command: SandboxCommand = {
  id: 'step-1',
  root: '/store/root',
  scratch: '/store/scratch',
  args: ['/bin/sh', '-c', 'true'],
  env: ['PATH=/bin', 'A=1'],
  cwd: '/src',
  user: { uid: 1000, gid: 100, groups: [4, 24] },
  mounts: [],
  hostname: 'builder',
  network: 'host',
  insecure: false,
  resourceLimits: [],
  controlLimits: {},
  shmSize: 64 << 20,
}
const placed = (mapping: IdMapping, processes = true): WorkerNamespaces => ({
  mapping,
  mounts: true,
  processes,
  launcher: [],
})
const EVERYTHING = (1n << 41n) - 1n
const config = (change: Partial<SandboxCommand> = {}, namespaces = placed('root'), cgroups = true): OciConfig =>
  ociConfig({ ...command, ...change }, { namespaces, capabilities: EVERYTHING, cgroups, arch: 'x64' })
const mount = (made: OciConfig, destination: string) => made.mounts.find((m) => m.destination === destination)
const kinds = (made: OciConfig) => made.linux.namespaces.map(({ type }) => type).filter((type) => type !== 'cgroup')

test('the command is what was asked for, to the letter', () => {
  expect(config().process).toMatchObject({
    terminal: false,
    args: command.args,
    env: command.env,
    cwd: '/src',
    user: { uid: 1000, gid: 100, additionalGids: [4, 24] },
    noNewPrivileges: false,
    rlimits: [],
  })
  expect(config()).toMatchObject({ hostname: 'builder', root: { path: '/store/root', readonly: false } })
})

test('the host shows with nothing but the root', () => {
  const hostPaths = JSON.stringify(config()).match(/"\/store[^"]*"/g)
  expect(hostPaths).toEqual(['"/store/root"'])
  expect(config().mounts.filter(({ type }) => type === 'bind')).toEqual([])
})

test("a command has Docker's fourteen capabilities, and none to pass on", () => {
  const { capabilities } = config().process
  expect(Object.keys(capabilities)).toEqual(['bounding', 'effective', 'permitted'])
  for (const names of Object.values(capabilities)) expect(names.toSorted()).toEqual(DEFAULT_CAPABILITIES.toSorted())
  expect(DEFAULT_CAPABILITIES).toHaveLength(14)
})

test('only capabilities that the worker has are given', () => {
  const made = ociConfig(command, { namespaces: placed('root'), capabilities: 0b11n, cgroups: true, arch: 'x64' })
  expect(made.process.capabilities['effective']).toEqual(['CAP_CHOWN', 'CAP_DAC_OVERRIDE'])
})

test('capabilities have the numbers of capabilities(7)', () => {
  expect(ALL_CAPABILITIES).toHaveLength(41)
  const numbers = { CAP_CHOWN: 0, CAP_SETPCAP: 8, CAP_SYS_ADMIN: 21, CAP_MKNOD: 27, CAP_SETFCAP: 31, CAP_BPF: 39 }
  for (const [name, bit] of Object.entries(numbers))
    expect(availableCapabilities(ALL_CAPABILITIES, 1n << BigInt(bit))).toEqual([name])
  // The capabilities of Docker's containers, as the kernel shows them.
  expect(availableCapabilities(ALL_CAPABILITIES, 0xa80425fbn).toSorted()).toEqual(DEFAULT_CAPABILITIES.toSorted())
})

test('insecure: every capability, no filter, nothing masked, every device', () => {
  const made = config({ insecure: true })
  expect(made.process.capabilities['ambient']).toEqual(ALL_CAPABILITIES)
  expect(made.linux.seccomp).toBeUndefined()
  expect([...made.linux.maskedPaths, ...made.linux.readonlyPaths]).toEqual([])
  expect(made.linux.resources).toMatchObject({ devices: [{ allow: true }, { allow: true }] })
  expect(mount(made, '/sys')?.options).toContain('rw')
})

test('what tells of the machine is masked, what changes it is read-only', () => {
  const { linux } = config()
  expect(linux.maskedPaths).toEqual(expect.arrayContaining(['/proc/kcore', '/proc/keys', '/sys/firmware']))
  expect(linux.readonlyPaths).toEqual(expect.arrayContaining(['/proc/sys', '/proc/sysrq-trigger']))
  expect(mount(config(), '/sys')).toMatchObject({ type: 'sysfs', options: expect.arrayContaining(['ro']) })
})

test.each<[IdMapping, 'host' | 'none', string]>([
  ['root', 'host', 'sysfs'],
  ['root', 'none', 'sysfs'],
  ['multiple', 'host', 'bind'],
  ['multiple', 'none', 'sysfs'],
  ['single', 'host', 'bind'],
])('with ids mapped as %s and network %s, /sys is a %s', (mapping, network, type) => {
  expect(mount(config({ network }, placed(mapping)), '/sys')?.type).toBe(type)
})

test('network none is a namespace of its own, host is none', () => {
  expect(kinds(config({ network: 'none' }))).toContain('network')
  expect(kinds(config())).toEqual(['mount', 'uts', 'ipc', 'pid'])
})

test('where no new /proc may be mounted, the outer one is bound as it is masked there, with its processes', () => {
  const made = config({}, placed('single', false))
  expect(mount(made, '/proc')).toMatchObject({ type: 'bind', source: '/proc' })
  expect(kinds(made)).not.toContain('pid')
  expect([...made.linux.maskedPaths, ...made.linux.readonlyPaths].filter((path) => path.startsWith('/proc'))).toEqual(
    [],
  )
})

test('with one id, a user other than root is that id, without groups', () => {
  const made = config({}, placed('single'))
  expect(made.linux.uidMappings).toEqual([{ containerID: 1000, hostID: 0, size: 1 }])
  expect(made.linux.gidMappings).toEqual([{ containerID: 100, hostID: 0, size: 1 }])
  expect(made.process.user).toEqual({ uid: 1000, gid: 100 })
  expect(mount(made, '/dev/pts')?.options).not.toContain('gid=5')
  const root = config({ user: { uid: 0, gid: 0, groups: [] } }, placed('single'))
  expect(root.linux.uidMappings).toBeUndefined()
  expect(kinds(root)).not.toContain('user')
})

test('mounts come in order, after the system', () => {
  const made = config({
    mounts: [
      { kind: 'tmpfs', target: '/tmp', size: 4096, mode: 0o1777 },
      { kind: 'bind', source: '/etc', target: '/tmp/etc', readonly: true },
      { kind: 'bind', source: '/var', target: '/data', readonly: false },
      { kind: 'tmpfs', target: '/run', size: undefined, mode: 0o755 },
    ],
  })
  expect(made.mounts.slice(-4)).toEqual([
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=1777', 'size=4096'] },
    { destination: '/tmp/etc', type: 'bind', source: '/etc', options: ['rbind', 'ro'] },
    { destination: '/data', type: 'bind', source: '/var', options: ['rbind', 'rw'] },
    { destination: '/run', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
  ])
  expect(mount(made, '/dev/shm')?.options).toContain(`size=${64 << 20}`)
})

test('limits go where runtimes look for them, and only where control groups are ours', () => {
  const limits = {
    memory: 1 << 25,
    memorySwap: -1,
    cpuShares: 512,
    cpuPeriod: 100_000,
    cpuQuota: 50_000,
    cpusetCpus: '0-1',
  }
  const change = { controlLimits: limits, resourceLimits: [{ name: 'nofile', soft: 1024, hard: 2048 }] }
  expect(config(change).linux.resources).toMatchObject({
    devices: [{ allow: false, access: 'rwm' }],
    memory: { limit: 1 << 25, swap: -1 },
    cpu: { shares: 512, period: 100_000, quota: 50_000, cpus: '0-1' },
  })
  expect(config(change).process.rlimits).toEqual([{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 2048 }])
  expect(config(change, placed('root'), false).linux.resources).toBeUndefined()
  expect(config().linux.resources).toEqual({ devices: [{ allow: false, access: 'rwm' }] })
})

test('a filter that is compiled already is given beside its profile, to commands that have one', () => {
  const compiledFilter = 'AAAA'
  const settings = { namespaces: placed('root'), capabilities: EVERYTHING, cgroups: true, arch: 'x64', compiledFilter }
  const made = ociConfig(command, settings)
  expect(made.annotations).toEqual({ 'run.oci.seccomp_bpf_data': 'AAAA' })
  expect(made.linux.seccomp).toEqual(config().linux.seccomp)
  expect(ociConfig({ ...command, insecure: true }, settings).annotations).toBeUndefined()
  expect(config().annotations).toBeUndefined()
})
