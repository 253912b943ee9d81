// Compiles a seccomp profile to the program that the kernel runs: classic BPF over `struct seccomp_data`; see
// seccomp(2).
import type { SeccompArgument, SeccompProfile, SeccompRule } from './seccomp-profile.ts'
import { type CallArch, syscallNumbers } from './syscall-numbers.ts'

/** A `struct sock_filter`: code, instructions to skip if true and if false, operand. */
type Instruction = readonly [code: number, yes: number, no: number, k: number]

const LOAD = 0x20
const AND = 0x54
const JUMP_EQUAL = 0x15
const JUMP_GREATER = 0x25
const JUMP_NOT_LESS = 0x35
const RETURN = 0x06

const ALLOW = 0x7fff_0000
const ERRNO = 0x0005_0000
const ENOSYS = 38

/** Offsets in `struct seccomp_data`; arguments are little-endian. */
const NUMBER = 0
const ARCH = 4
const low = (index: number): number => 16 + 8 * index
const high = (index: number): number => low(index) + 4

/** AUDIT_ARCH_* of the kernel. */
const ARCHES: Readonly<Record<CallArch, number>> = { x64: 0xc000_003e, ia32: 0x4000_0003, arm64: 0xc000_00b7 }

/**
 * The system call interfaces of a processor, its own first. Other interfaces get ENOSYS, as from a kernel without
 * them.
 */
const CALLED: Readonly<Record<string, readonly CallArch[]>> = { x64: ['x64', 'ia32'], arm64: ['arm64'] }

/**
 * The program of a profile, as the bytes of `struct sock_filter`s. Undefined for unknown processors. Calls of the
 * profile that a processor lacks are left out.
 */
export function compileProfile(profile: SeccompProfile, arch: string): Uint8Array | undefined {
  const called = CALLED[arch]
  if (!called) return undefined
  const program: Instruction[] = [[LOAD, 0, 0, ARCH]]
  for (const name of called) {
    const section = sectionFor(profile, name)
    // A section is too long for a conditional jump, which skips an unconditional one instead.
    program.push([JUMP_EQUAL, 1, 0, ARCHES[name]], [0x05, 0, 0, section.length], ...section)
  }
  program.push([RETURN, 0, 0, ERRNO | ENOSYS])
  return bytesOf(program)
}

function sectionFor(profile: SeccompProfile, arch: CallArch): readonly Instruction[] {
  const numbers = syscallNumbers(arch)
  const otherwise = ERRNO | profile.defaultErrnoRet
  const always = new Map<number, number>()
  const sometimes = new Map<number, SeccompRule[]>()
  for (const rule of profile.syscalls) {
    for (const name of rule.names) {
      const number = numbers.get(name)
      if (number === undefined) continue
      if (rule.args) sometimes.set(number, [...(sometimes.get(number) ?? []), rule])
      else always.set(number, actionOf(rule))
    }
  }
  const allowed = [...always].filter(([, action]) => action === ALLOW).map(([number]) => number)
  const denied = [...always].filter(([, action]) => action !== ALLOW)
  const conditional = [...sometimes].filter(([number]) => !always.has(number))
  return [
    [LOAD, 0, 0, NUMBER],
    // x32, which the kernel reports as the same processor as x64.
    ...(arch === 'x64'
      ? ([
          [JUMP_NOT_LESS, 0, 1, 0x4000_0000],
          [RETURN, 0, 0, ERRNO | ENOSYS],
        ] as const)
      : []),
    ...rangesOf(allowed).flatMap(([first, last]): Instruction[] => [
      [JUMP_NOT_LESS, 0, 2, first],
      [JUMP_GREATER, 1, 0, last],
      [RETURN, 0, 0, ALLOW],
    ]),
    ...denied.flatMap(([number, action]): Instruction[] => [
      [JUMP_EQUAL, 0, 1, number],
      [RETURN, 0, 0, action],
    ]),
    ...conditional.flatMap(([number, rules]): Instruction[] => {
      const block = [...rules.flatMap(ruleInstructions), [RETURN, 0, 0, otherwise] as const]
      return [[JUMP_EQUAL, 0, block.length, number], ...block]
    }),
    [RETURN, 0, 0, otherwise],
  ]
}

function actionOf({ action, errnoRet = 1 }: SeccompRule): number {
  return action === 'SCMP_ACT_ALLOW' ? ALLOW : ERRNO | errnoRet
}

/** The first and last number of each run of consecutive numbers. */
function rangesOf(numbers: readonly number[]): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = []
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && number <= last[1] + 1) last[1] = number
    else ranges.push([number, number])
  }
  return ranges
}

/** Returns the rule's action if all its conditions hold; else the instructions after these decide. */
function ruleInstructions(rule: SeccompRule): readonly Instruction[] {
  let rest: readonly Instruction[] = [[RETURN, 0, 0, actionOf(rule)]]
  for (const condition of (rule.args ?? []).toReversed()) {
    rest = [...conditionInstructions(condition, rest.length), ...rest]
  }
  return rest
}

/** Skips `skip` instructions after these if the condition does not hold. Operands fit 32 bits, arguments have 64. */
function conditionInstructions({ index, value, valueTwo = 0, op }: SeccompArgument, skip: number): Instruction[] {
  const operand = value >>> 0
  switch (op) {
    case 'SCMP_CMP_EQ':
      return [
        [LOAD, 0, 0, high(index)],
        [JUMP_EQUAL, 0, 2 + skip, 0],
        [LOAD, 0, 0, low(index)],
        [JUMP_EQUAL, 0, skip, operand],
      ]
    case 'SCMP_CMP_LT':
      return [
        [LOAD, 0, 0, high(index)],
        [JUMP_EQUAL, 0, 2 + skip, 0],
        [LOAD, 0, 0, low(index)],
        [JUMP_NOT_LESS, skip, 0, operand],
      ]
    case 'SCMP_CMP_GT':
      return [
        [LOAD, 0, 0, high(index)],
        [JUMP_EQUAL, 0, 2, 0],
        [LOAD, 0, 0, low(index)],
        [JUMP_GREATER, 0, skip, operand],
      ]
    case 'SCMP_CMP_MASKED_EQ':
      return [
        [LOAD, 0, 0, low(index)],
        [AND, 0, 0, operand],
        [JUMP_EQUAL, 0, skip, valueTwo >>> 0],
      ]
  }
}

function bytesOf(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(8 * program.length)
  for (const [i, [code, yes, no, k]] of program.entries()) {
    if (yes > 255 || no > 255) throw new RangeError('a jump of the seccomp program is too long')
    bytes.writeUInt16LE(code, 8 * i)
    bytes.writeUInt8(yes, 8 * i + 2)
    bytes.writeUInt8(no, 8 * i + 3)
    bytes.writeUInt32LE(k >>> 0, 8 * i + 4)
  }
  return bytes
}
