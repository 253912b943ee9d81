// Programs of other machines: which are tried, what is registered for them, what is said where nothing is.
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readEmulators } from '../../../lib/sandbox/emulation/binfmt-emulators.ts'
import { EXIT_CODE, exitProgram } from '../../../lib/sandbox/emulation/exit-program.ts'
import { tryArchitecture } from '../../../lib/sandbox/emulation/try-architecture.ts'
import { requires } from '../../support/requires.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const withQemu = test.skipIf(!requires('qemu-aarch64-static'))

withQemu.each([
  ['386', 'i386'],
  ['amd64', 'x86_64'],
  ['arm', 'arm'],
  ['arm64', 'aarch64'],
  ['loong64', 'loongarch64'],
  ['mips64le', 'mips64el'],
  ['ppc64le', 'ppc64le'],
  ['riscv64', 'riscv64'],
  ['s390x', 's390x'],
])('the program that is tried for %s runs in qemu-%s', (architecture, name) => {
  const program = join(temporaryDirectory(), 'program')
  writeFileSync(program, exitProgram(architecture) ?? '', { mode: 0o755 })
  expect(spawnSync(`qemu-${name}-static`, [program], { encoding: 'utf8' })).toMatchObject({
    status: EXIT_CODE,
    stderr: '',
  })
})

const MAGIC = '7f454c460201010000000000000000000200b700'
const MASK = 'ffffffffffffff00fffffffffffffffffeffffff'

function registered(files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

const entry = (flags: string, state = 'enabled'): string =>
  `${state}\ninterpreter /usr/bin/qemu-aarch64-static\nflags: ${flags}\noffset 0\nmagic ${MAGIC}\nmask ${MASK}\n`

test.each<[string, Record<string, string>, readonly object[]]>([
  ['with the flag F', { status: 'enabled\n', any: entry('OCF') }, [{ name: 'any', isFixed: true }]],
  [
    'without it',
    { status: 'enabled\n', any: entry('') },
    [{ isFixed: false, interpreter: '/usr/bin/qemu-aarch64-static' }],
  ],
  ['that is disabled', { status: 'enabled\n', any: entry('F', 'disabled') }, []],
  ['while all are disabled', { status: 'disabled\n', any: entry('F') }, []],
  ['where nothing is mounted', {}, []],
  ['by extension', { status: 'enabled\n', jar: 'enabled\ninterpreter /usr/bin/jexec\nflags: \nextension .jar\n' }, []],
])('an emulator %s', (_, files, expected) => {
  expect(readEmulators(registered(files))).toMatchObject(expected)
})

test('a directory that is not there has no emulators', () => {
  expect(readEmulators(join(temporaryDirectory(), 'missing'))).toEqual([])
})

test('an emulator is for the programs that its magic fits', () => {
  const [emulator] = readEmulators(registered({ status: 'enabled\n', any: entry('F') }))
  const fits = ['arm64', 'amd64', 'arm', 's390x'].filter((name) => emulator?.matches(exitProgram(name) ?? Buffer.of()))
  expect(fits).toEqual(['arm64'])
  expect(emulator?.matches(Buffer.from('7f45', 'hex'))).toBe(false)
})

// Architectures that no machine which runs this can run by itself.
const other = process.arch === 's390x' ? 'arm64' : 's390x'

test('what no emulator is known for fails, and is not tried', () => {
  const temporary = join(temporaryDirectory(), 'try')
  expect(tryArchitecture('sparc64', { temporary })).toEqual({ kind: 'fail', reason: 'no emulator is known for it' })
})

test('an emulator that is registered without F is for roots that have it', () => {
  const emulators = readEmulators(registered({ status: 'enabled\n', any: entry('C') }))
  const temporary = join(temporaryDirectory(), 'try')
  expect(tryArchitecture('arm64', { temporary, emulators })).toEqual({ kind: 'with-emulator', emulator: emulators[0] })
})

test('the program that is tried is removed, and runs where it can', () => {
  const temporary = join(temporaryDirectory(), 'try')
  const native = process.arch === 'arm64' ? 'arm64' : 'amd64'
  expect(tryArchitecture(native, { temporary, emulators: [] })).toEqual({ kind: 'run' })
  expect(existsSync(temporary)).toBe(false)
})

test.skipIf(existsSync('/proc/sys/fs/binfmt_misc/status'))('what is registered and does not work is told', () => {
  const temporary = join(temporaryDirectory(), 'try')
  const emulator = { name: 'qemu-x', interpreter: '/x', isFixed: true, matches: () => true }
  expect(tryArchitecture(other, { temporary, emulators: [emulator] })).toEqual({
    kind: 'fail',
    reason: 'qemu-x is registered for it, and does not work (exec format error)',
  })
  expect(tryArchitecture(other, { temporary, emulators: [] })).toMatchObject({
    reason: 'no emulator is registered for it (exec format error)',
  })
})
