// Every call of the kernel is answered by the helper, known to be harmless, or denied: a step in a virtual root reaches
// no file of the host by a call that the helper does not know.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { buildProgram, buildTestProgram } from '../../../scripts/build-native.ts'
import { ALLOW, AUDIT_ARCHES, decideCall, failWith, TRAP, USER_NOTIFICATION } from '../seccomp/decide-call.ts'
import { FIRST_UNKNOWN, kernelCalls, NAMING, REACHING } from './kernel-calls.ts'
import { giveToPlainUser, namespaces, nativeParts, stepRoom } from './native-step.ts'

const parts = process.arch === 'x64' ? nativeParts() : undefined
const directory = mkdtempSync(join(tmpdir(), 'tsbuild-calls-'))
afterAll(() => rmSync(directory, { recursive: true }))

const ENOSYS = 38
const X32 = 0x4000_0000
/** uretprobe and uprobe: the kernel's own, which no filter is asked about. */
const OF_THE_KERNEL = [335, 336]
/** The errors of a name that isn't there, and of a call that is denied: EPERM, ENOENT, ENOSYS, EOPNOTSUPP. */
const REFUSED = new Set([1, 2, ENOSYS, 95])

const filter = parts ? printFilter() : new Uint8Array()
const everyCall = parts ? buildProgram(join(import.meta.dirname, 'every-call.c'), join(directory, 'every-call')) : ''

function printFilter(): Uint8Array {
  const program = buildTestProgram(join(import.meta.dirname, 'print-filter.c'), ['-Wl,--wrap=syscall'])
  const { status, stdout, stderr } = spawnSync(program ?? '', [], { encoding: 'buffer' })
  if (status !== 0) throw new Error(`the filter can't be printed: ${stderr}`)
  return stdout
}

/** Values that conditions of the filter may look at: pointers, limits, options. */
const VALUES = [0n, 1n, 4n, 7n, 8n, 10n, 15n, 17n, 1n << 32n, 0x7fff_1234_5678n]

/** All answers that the filter has for a call, depending on its arguments. */
function answersTo(number: number, arch: number = AUDIT_ARCHES.x64): ReadonlySet<number> {
  const answers = new Set<number>()
  for (const first of VALUES) {
    for (const second of VALUES)
      answers.add(decideCall(filter, arch, number, [first, second, first, second, second, 1n]))
  }
  return answers
}

const isDenied = (answer: number): boolean => answer >>> 16 === failWith(0) >>> 16

test.skipIf(!parts)('a call that names files or reaches beyond the step never goes to the kernel as it is', () => {
  const wrong: string[] = []
  for (const name of [...Object.keys(NAMING), ...REACHING]) {
    const number = kernelCalls().get(name)
    if (number === undefined) throw new Error(`no such call: ${name}`)
    for (const answer of answersTo(number)) {
      const denied = isDenied(answer)
      const answered = answer === USER_NOTIFICATION || answer === TRAP
      // Without a name these act on a descriptor.
      const nameless = answer === ALLOW && ['utimensat', 'sendto'].includes(name)
      if (!(denied || (answered && name in NAMING) || nameless)) wrong.push(`${name}: ${answer.toString(16)}`)
    }
  }
  expect(wrong).toEqual([])
})

test.skipIf(!parts)('calls with a name are answered if the argument with the name is no null pointer', () => {
  const asks = (name: string, args: readonly bigint[]): boolean =>
    decideCall(filter, AUDIT_ARCHES.x64, kernelCalls().get(name) ?? -1, args) === USER_NOTIFICATION
  for (const pointer of [1n, 0x8000_0000n, 1n << 32n, 0x7fff_0000_0000n]) {
    expect(asks('utimensat', [0n, pointer, 0n, 0n])).toBe(true)
    expect(asks('sendto', [0n, 0n, 0n, 0n, pointer, 0n])).toBe(true)
  }
})

test.skipIf(!parts)(
  'a call that is in no table is denied: numbers of later kernels, of x32 and of other processors',
  () => {
    const known = new Map([...kernelCalls()].map(([name, number]) => [number, name]))
    const wrong: string[] = []
    const numbers = [...Array.from({ length: 2000 }, (_, number) => number), 0x3fff_ffff, 0x7fff_ffff, 0xffff_ffff]
    for (const number of numbers) {
      const isKnown = known.has(number) && number < FIRST_UNKNOWN
      for (const denied of isKnown ? [X32 + number] : [number, X32 + number]) {
        const answers = [...answersTo(denied >>> 0)]
        if (answers.length !== 1 || answers[0] !== failWith(ENOSYS))
          wrong.push(`${known.get(number)} ${denied}: ${answers}`)
      }
    }
    for (let number = 0; number < 600; number++) {
      for (const arch of [AUDIT_ARCHES.ia32, AUDIT_ARCHES.arm64, 0x1234]) {
        const answers = [...answersTo(number, arch)]
        if (answers.length !== 1 || answers[0] !== failWith(ENOSYS)) wrong.push(`${number} of ${arch}: ${answers}`)
      }
    }
    expect(wrong).toEqual([])
  },
)

/** A directory of the host that everybody may change. Nothing of the name is in a step's root. */
function canaries(): string {
  const host = mkdtempSync(join(tmpdir(), 'tsbuild-canaries-'))
  onTestFinished(() => rmSync(host, { recursive: true, force: true }))
  writeFileSync(join(host, 'file'), 'canary\n', { mode: 0o777 })
  giveToPlainUser(host)
  chmodSync(host, 0o777)
  return host
}

function resultsOf(output: string): ReadonlyMap<string, string> {
  return new Map(
    output
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']),
  )
}

/** Makes calls in a step: the error number, or the name of a signal, for each word of every-call.c. */
function inStep(host: string, words: readonly string[]): ReadonlyMap<string, string> {
  if (!parts || everyCall === undefined) throw new Error('no helper')
  const room = stepRoom(parts)
  copyFileSync(everyCall, join(room.root, 'bin/every-call'))
  const { stdout, stderr, code } = room.run(['every-call', host, ...words], { virtualRoot: true })
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  return resultsOf(stdout)
}

const wordOf = (name: string, letters = NAMING[name] ?? ''): string => `${kernelCalls().get(name)}:${letters}`

test.skipIf(!parts)('calls that a step makes find no file of the host, and make none', () => {
  const host = canaries()
  const names = Object.keys(NAMING)
  const results = inStep(
    host,
    names.map((name) => wordOf(name)),
  )
  const found = names.filter((name) => !REFUSED.has(Number(results.get(wordOf(name)) ?? Number.NaN)))
  expect(found.map((name) => `${name}: ${results.get(wordOf(name))}`)).toEqual([])
  expect([results.get(wordOf('openat')), results.get(wordOf('mkdirat')), results.get(wordOf('chroot'))]).toEqual([
    '2',
    '2',
    '2',
  ])
  expect(readdirSync(host)).toEqual(['file'])
  expect(readFileSync(join(host, 'file'), 'utf8')).toBe('canary\n')
})

test.skipIf(!parts)('the same calls outside of a step do find and make them', () => {
  const found = ['openat', 'newfstatat', 'chmod', 'readlink', 'truncate', 'getxattr', 'mkdir', 'rename'].map((name) => {
    const host = canaries()
    const [launcher = '', ...argv] = namespaces.launcher.slice(0, namespaces.launcher.indexOf('unshare'))
    const command = [...argv, everyCall ?? '', host, wordOf(name)]
    chmodSync(directory, 0o755)
    const { stdout, stderr } = spawnSync(launcher || 'env', command, { encoding: 'utf8' })
    return `${name} ${resultsOf(stdout).get(wordOf(name)) ?? stderr}`
  })
  const INVALID = 22 // the file is no link
  const NO_DATA = 95 // no such attribute: the name has no namespace
  expect(found).toEqual([
    ...['openat 0', 'newfstatat 0', 'chmod 0', `readlink ${INVALID}`, 'truncate 0'],
    ...[`getxattr ${NO_DATA}`, 'mkdir 0', 'rename 0'],
  ])
})

test.skipIf(!parts)('a denied call fails with the error that programs expect', () => {
  const host = canaries()
  mkdirSync(join(host, 'directory'))
  const denied = new Map<string, number>()
  const letters = new Map(Object.entries(NAMING).map(([name, text]) => [kernelCalls().get(name), text]))
  for (let number = 0; number < 600; number++) {
    if (OF_THE_KERNEL.includes(number)) continue
    for (const one of [number, X32 + number]) {
      const answers = [...answersTo(one)]
      if (answers.length === 1 && isDenied(answers[0] ?? 0))
        denied.set(`${one}:${letters.get(number) ?? 'nnnnnn'}`, (answers[0] ?? 0) & 0xffff)
    }
  }
  expect(denied.size).toBeGreaterThan(700)
  const results = inStep(host, [...denied.keys()])
  expect(results).toEqual(new Map([...denied].map(([word, number]) => [word, String(number)])))
  const ia32 = Array.from({ length: 470 }, (_, number) => `ia32:${number}`)
  // SEGV: a kernel without 32-bit calls.
  const said = new Set(inStep(host, ia32).values())
  expect([[String(ENOSYS)], ['SEGV']]).toContainEqual([...said])
})
