// The compiled profile decides every call as the profile says, and the kernel takes it.
import { describe, expect, test } from 'vitest'
import { ALL_CAPABILITIES, DEFAULT_CAPABILITIES } from '../../../lib/sandbox/restrictions/capabilities.ts'
import { compileProfile } from '../../../lib/sandbox/seccomp/compile-profile.ts'
import {
  type SeccompArgument,
  type SeccompProfile,
  seccompProfile,
} from '../../../lib/sandbox/seccomp/seccomp-profile.ts'
import { syscallNumbers } from '../../../lib/sandbox/seccomp/syscall-numbers.ts'
import { nativeParts, stepRoom } from '../native/native-step.ts'
import { ALLOW, AUDIT_ARCHES, decideCall, failWith } from './decide-call.ts'

/** The profile's answer for a call by its name, read rule by rule. */
function said(profile: SeccompProfile, name: string | undefined, args: readonly bigint[]): number {
  const holds = ({ index, value, valueTwo = 0, op }: SeccompArgument): boolean => {
    const arg = args[index] ?? 0n
    if (op === 'SCMP_CMP_EQ') return arg === BigInt(value)
    if (op === 'SCMP_CMP_LT') return arg < BigInt(value)
    if (op === 'SCMP_CMP_GT') return arg > BigInt(value)
    return (arg & BigInt(value)) === BigInt(valueTwo)
  }
  const rules = profile.syscalls.filter((rule) => name !== undefined && rule.names.includes(name))
  const rule = rules.find(({ args: none }) => !none) ?? rules.find((one) => (one.args ?? []).every(holds))
  if (!rule) return failWith(profile.defaultErrnoRet)
  return rule.action === 'SCMP_ACT_ALLOW' ? ALLOW : failWith(rule.errnoRet ?? 1)
}

const VALUES = [
  0n,
  1n,
  8n,
  37n,
  38n,
  39n,
  40n,
  41n,
  0x2_0008n,
  0x0200_0000n,
  0x1000_0011n,
  0xffff_ffffn,
  1n << 32n,
  (1n << 32n) + 38n,
]

describe.each(['x64', 'arm64'] as const)('the program for %s', (arch) => {
  test.each([
    ['the default', DEFAULT_CAPABILITIES],
    ['no', []],
    ['all', ALL_CAPABILITIES],
  ])('says what the profile of %s capabilities says', (_, capabilities) => {
    const profile = seccompProfile(capabilities, arch)
    const program = compileProfile(profile, arch)
    expect(program?.length).toBeLessThan(8 * 4096)
    if (!program) return
    const wrong: string[] = []
    for (const called of arch === 'x64' ? (['x64', 'ia32'] as const) : (['arm64'] as const)) {
      const names = new Map([...syscallNumbers(called)].map(([name, number]) => [number, name]))
      for (let number = 0; number < 520; number++) {
        for (const value of VALUES) {
          const args = [value, 0n]
          const answer = decideCall(program, AUDIT_ARCHES[called], number, args)
          if (answer !== said(profile, names.get(number), args)) wrong.push(`${called} ${names.get(number)} ${value}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })

  test('refuses other ways to call the kernel', () => {
    const program = compileProfile(seccompProfile([], arch), arch) ?? new Uint8Array()
    expect(decideCall(program, 0x4000_0028, 1, [])).toBe(failWith(38))
    if (arch === 'x64') expect(decideCall(program, AUDIT_ARCHES.x64, 0x4000_0000 + 39, [])).toBe(failWith(38))
  })
})

test('there is none for a processor that is not known', () => {
  expect(compileProfile(seccompProfile([], 's390x'), 's390x')).toBeUndefined()
})

test('well-known calls have their numbers', () => {
  const numbers = { x64: syscallNumbers('x64'), ia32: syscallNumbers('ia32'), arm64: syscallNumbers('arm64') }
  expect(
    ['read', 'execve', 'clone', 'openat', 'seccomp', 'statx', 'clone3'].map((name) => numbers.x64.get(name)),
  ).toEqual([...[0, 59, 56, 257, 317, 332, 435]])
  expect(['read', 'execve', 'socketcall', 'openat', 'statx'].map((name) => numbers.ia32.get(name))).toEqual([
    3, 11, 102, 295, 383,
  ])
  expect(['read', 'execve', 'clone', 'openat', 'newfstatat'].map((name) => numbers.arm64.get(name))).toEqual([
    63, 221, 220, 56, 79,
  ])
})

const parts = nativeParts()

test.skipIf(!parts)('the kernel takes it and decides so', () => {
  if (!parts) return
  const filter = compileProfile(seccompProfile(DEFAULT_CAPABILITIES, process.arch), process.arch)
  if (!filter) throw new Error('the helper is for processors that it can be made for')
  for (const owners of [false, true]) {
    const { stdout, stderr, code } = stepRoom(parts).run('cd /tmp; touch mine; calls filtered', { filter, owners })
    expect({ stderr, code, said: stdout.trim().split('\n') }).toEqual({
      stderr: '',
      code: 0,
      said: [
        ...[
          'keyctl: EPERM',
          'unshare: EPERM',
          'clone with a namespace: EPERM',
          'clone3: ENOSYS',
          'mount: EPERM',
          'bpf: EPERM',
        ],
        ...['personality: ok EPERM', 'sockets: ok EPERM EPERM', 'no such call: EPERM'],
        ...[`x32: ${process.arch === 'x64' ? 'ENOSYS' : 'EPERM'}`, 'fork: 7', 'thread: 0, file of 0'],
      ],
    })
  }
})
