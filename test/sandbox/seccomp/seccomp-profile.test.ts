import { describe, expect, test } from 'vitest'
import { DEFAULT_CAPABILITIES } from '../../../lib/sandbox/restrictions/capabilities.ts'
import { type SeccompArgument, seccompProfile } from '../../../lib/sandbox/seccomp/seccomp-profile.ts'

const allowed = (capabilities: readonly string[], arch = 'x64'): Map<string, readonly SeccompArgument[][]> => {
  const calls = new Map<string, SeccompArgument[][]>()
  for (const { names, action, args } of seccompProfile(capabilities, arch).syscalls) {
    if (action !== 'SCMP_ACT_ALLOW') continue
    for (const name of names) calls.set(name, [...(calls.get(name) ?? []), [...(args ?? [])]])
  }
  return calls
}

test('what no rule allows is refused with EPERM', () => {
  expect(seccompProfile([], 'x64')).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1 })
})

test.each([
  'mount',
  'unshare',
  'setns',
  'bpf',
  'open_by_handle_at',
  'kexec_load',
  'init_module',
  'reboot',
  'add_key',
  'keyctl',
])('%s is not for a command with default capabilities', (call) => {
  expect(allowed(DEFAULT_CAPABILITIES).has(call)).toBe(false)
})

test.each([
  'execve',
  'openat2',
  'chown',
  'setgroups',
  'mknodat',
  'ptrace',
  'io_uring_setup',
  'chroot',
  'faccessat2',
  'statx',
])('%s is, unless Docker forbids it', (call) => {
  expect(allowed(DEFAULT_CAPABILITIES).has(call)).toBe(call !== 'io_uring_setup')
})

test.each([
  ['CAP_SYS_ADMIN', 'mount'],
  ['CAP_SYS_CHROOT', 'chroot'],
  ['CAP_SYS_TIME', 'clock_settime'],
  ['CAP_BPF', 'bpf'],
  ['CAP_SYS_PTRACE', 'kcmp'],
])('%s brings %s with it', (capability, call) => {
  expect(allowed([]).has(call)).toBe(false)
  expect(allowed([capability]).has(call)).toBe(true)
})

describe('clone', () => {
  const NEW_USER = 0x1000_0000
  test('makes processes and threads, but no namespaces', () => {
    const [rule] = allowed(DEFAULT_CAPABILITIES).get('clone') ?? []
    expect(rule).toMatchObject([{ index: 0, op: 'SCMP_CMP_MASKED_EQ', valueTwo: 0 }])
    expect((rule?.[0]?.value ?? 0) & NEW_USER).not.toBe(0)
  })
  test('has its flags in the second argument on s390x', () => {
    expect(allowed([], 's390x').get('clone')?.[0]?.[0]?.index).toBe(1)
  })
  test('as clone3 does not exist, so that programs fall back', () => {
    const rule = seccompProfile(DEFAULT_CAPABILITIES, 'x64').syscalls.find(({ names }) => names.includes('clone3'))
    expect(rule).toEqual({ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 })
  })
  test('is free for who may mount', () => {
    expect(allowed(['CAP_SYS_ADMIN']).get('clone')).toEqual([[]])
  })
})

test('sockets of the kernel and of virtual machines can not be opened', () => {
  const rules = (allowed([]).get('socket') ?? []).flat()
  const accepts = (family: number): boolean =>
    rules.some(({ op, value }) =>
      op === 'SCMP_CMP_LT' ? family < value : op === 'SCMP_CMP_GT' ? family > value : family === value,
    )
  expect([1, 2, 10, 16, 39, 41].every(accepts)).toBe(true)
  expect([38, 40].some(accepts)).toBe(false)
})

test('each processor has its own calls, and those of the older programs that it runs', () => {
  expect(allowed([], 'x64').has('arch_prctl')).toBe(true)
  expect(allowed([], 'arm64').has('arch_prctl')).toBe(false)
  expect(allowed([], 'arm64').has('set_tls')).toBe(true)
  expect(seccompProfile([], 'x64').architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'])
  expect(seccompProfile([], 'ppc64').architectures).toEqual([])
})

test('no call is allowed twice, and the table keeps its size', () => {
  const rules = seccompProfile(DEFAULT_CAPABILITIES, 'x64').syscalls.filter(({ args }) => !args)
  const names = rules.flatMap((rule) => rule.names)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toHaveLength(361 + 3 + 2 + 1 + 1)
})
