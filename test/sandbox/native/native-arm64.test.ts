// The helper's program for arm64, on a whole emulated machine with a kernel of its own: an emulator of programs has
// neither ptrace nor seccomp's notifications. A user who may do nothing runs the same cases as on this machine.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { DEVICE_LINKS, DEVICE_NODES } from '../../../lib/sandbox/dev/device-nodes.ts'
import { nativeSpec } from '../../../lib/sandbox/native/native-spec.ts'
import { virtualRootSpec } from '../../../lib/sandbox/native/virtual-root-spec.ts'
import { commandFilter } from '../../../lib/sandbox/seccomp/command-filter.ts'
import { nativeProgram } from '../../../scripts/build-native.ts'
import { bootArm64, type MachineFile } from '../../support/arm64/boot-arm64.ts'
import { BUSYBOX, fetchArm64, KERNEL, KERNEL_16K } from '../../support/arm64/fetch-arm64.ts'
import { requires } from '../../support/requires.ts'
import { CALLS_SAY } from './native-call-cases.ts'
import { ACCOUNTS, APPLETS, namespaces, stepCommand } from './native-step.ts'
import { OWNERSHIP_CASES } from './ownership-cases.ts'
import { VIRTUAL_ROOT_CASES } from './virtual-root-cases.ts'

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-arm64-'))
afterAll(() => rmSync(directory, { recursive: true }))

const COMPILER = 'aarch64-linux-gnu-gcc'
/** The C library of the compiler, for programs with an ELF interpreter. */
const LIBRARIES = '/usr/aarch64-linux-gnu/lib'
const SHARED = ['ld-linux-aarch64.so.1', 'libc.so.6']
const USER = 12_345
const ROOM = '/work/room'
const tables = {
  input: undefined,
  output: `${ROOM}/scratch/after`,
  virtualCapabilities: true,
  hardLinks: false,
}

interface Case {
  readonly title: string
  readonly script: string
  readonly virtual: boolean
  /** Whether the case is about owners alone. */
  readonly owners: boolean
  readonly lines: readonly string[]
}

const CALLS = Object.entries(CALLS_SAY).map(([word, lines]) => [word, `cd /tmp; calls ${word}`, lines] as const)
/** The same program as `calls`, with an ELF interpreter. */
const INTERPRETED = [
  ['a program with an interpreter', 'cd /tmp; interpreted users', CALLS_SAY['users'] ?? []],
  [
    'a script for a program with an interpreter',
    'cd /tmp; printf "#!/bin/interpreted sockets\\n" >s; chmod +x s; ./s',
    CALLS_SAY['sockets'] ?? [],
  ],
] as const
type Row = readonly [title: string, script: string, lines: readonly string[]]
const casesOf = (rows: readonly Row[], virtual: boolean, owners: boolean): readonly Case[] =>
  rows.map(([name, script, lines]) => ({
    title: `${virtual ? 'in a virtual root' : 'in a user namespace'}: ${name}`,
    script,
    virtual,
    owners,
    lines,
  }))
const CASES: readonly Case[] = [
  ...[true, false].flatMap((virtual) => casesOf([...CALLS, ...INTERPRETED], virtual, false)),
  ...[true, false].flatMap((virtual) => casesOf(OWNERSHIP_CASES, virtual, true)),
  ...casesOf(VIRTUAL_ROOT_CASES, true, false),
]

function specOf({ script, virtual }: Case): Uint8Array {
  const command = stepCommand(`${ROOM}/root`, `${ROOM}/scratch`, ['sh', '-c', script])
  if (!virtual) {
    const settings = { namespaces, capabilities: 2n ** 41n - 1n, arch: 'arm64', filter: undefined }
    return nativeSpec(command, tables, settings)
  }
  const binds = DEVICE_NODES.map(({ name }) => `/dev/${name}`)
  return virtualRootSpec(command, {
    tables,
    binds: binds.map((path) => ({ source: path, target: path, readonly: false })),
  })
}

function compile(source: string, ...how: readonly string[]): Uint8Array {
  const file = join(directory, 'program')
  const flags = [...how, '-O1', '-D_GNU_SOURCE', '-w', '-o', file, join(import.meta.dirname, source)]
  const { status, stderr } = spawnSync(COMPILER, flags, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return readFileSync(file)
}

/** The directories of a step: its root, which belongs to the user, and one for the helper's files. */
function room(busybox: Uint8Array): readonly MachineFile[] {
  const files: readonly MachineFile[] = [
    ...['', '/root', '/scratch'].map((path) => ({ path: `template${path}`, content: 'directory' }) as const),
    ...['bin', 'proc', 'dev', 'sys', 'etc', 'lib', 'tmp', 'home', 'home/app'].map(
      (path) => ({ path: `template/root/${path}`, content: 'directory' }) as const,
    ),
    { path: 'template/root/bin/busybox', content: busybox },
    { path: 'template/root/bin/calls', content: compile('native-calls.c', '-static') },
    { path: 'template/root/bin/interpreted', content: compile('native-calls.c') },
    ...SHARED.map((name) => ({ path: `template/root/lib/${name}`, content: readFileSync(join(LIBRARIES, name)) })),
    ...APPLETS.map((name) => ({ path: `template/root/bin/${name}`, content: { link: 'busybox' } })),
    ...Object.entries(ACCOUNTS).map(([name, content]) => ({ path: `template/root/etc/${name}`, content, mode: 0o644 })),
    ...DEVICE_NODES.map(({ name }) => ({ path: `template/root/dev/${name}`, content: '', mode: 0o644 })),
    ...DEVICE_LINKS.map(([name, link]) => ({ path: `template/root/dev/${name}`, content: { link } })),
  ]
  return files.map((file) => ({ ...file, uid: USER }))
}

function machineFiles(): { readonly busybox: Uint8Array; readonly files: readonly MachineFile[] } {
  const busybox = readFileSync(fetchArm64(BUSYBOX, 'busybox'))
  const files: readonly MachineFile[] = [
    { path: 'helper', content: readFileSync(nativeProgram('arm64')) },
    { path: 'become', content: compile('../../support/arm64/become.c', '-static') },
    { path: 'filter', content: commandFilter(0n, 'arm64') ?? '' },
    { path: 'spec', content: 'directory' },
    ...CASES.map((each, index) => ({ path: `spec/${index}`, content: specOf(each) })),
    ...room(busybox),
  ]
  return { busybox, files }
}

const UNSHARE = 'unshare -U -r -m --propagation private -p -f --mount-proc'

function lineOf(index: number): string {
  const virtual = CASES[index]?.virtual === true
  const launcher = virtual ? '/work/filter' : `- /bin/busybox ${UNSHARE}`
  return `one ${index} /work/become ${USER} ${launcher} /work/helper run`
}

function scriptOf(indexes: readonly number[]): string {
  return `one() {
  number=$1; shift
  rm -rf ${ROOM}; cp -a /work/template ${ROOM}
  echo "=== begin $number"
  timeout 60 "$@" 3</work/spec/$number 2>&1 </dev/null
  echo "=== end $?"
}
${indexes.map(lineOf).join('\n')}`
}

function resultsOf(output: string): readonly string[] {
  const results: string[] = []
  for (const [, number, text = '', code] of output.matchAll(/^=== begin (\d+)\n(.*?)^=== end (\d+)$/gms))
    results[Number(number)] = `${text}exit ${code}`
  return results
}

const can =
  process.platform === 'linux' &&
  process.env['TSBUILD_TEST_ARM64'] === '1' &&
  ['qemu-system-aarch64', COMPILER, 'dpkg-deb', 'apt-get'].every((program) => requires(program))

/** Runs the cases on a machine: those that came out in another way. */
function wrongOnes(kernel: string, isWanted: (each: Case) => boolean): readonly unknown[] {
  const { busybox, files } = machineFiles()
  const script = scriptOf(CASES.map((each, index) => (isWanted(each) ? index : -1)).filter((index) => index >= 0))
  const results = resultsOf(bootArm64({ kernel, busybox, files, script, timeout: 600 }))
  return CASES.flatMap((each, index) => {
    const expected = `${each.lines.map((line) => `${line}\n`).join('')}exit 0`
    const found = results[index] ?? 'no result'
    return !isWanted(each) || found === expected ? [] : [{ title: each.title, expected, found }]
  })
}

test.skipIf(!can)(
  'all cases come out the same on arm64',
  () => {
    expect(wrongOnes(fetchArm64(KERNEL, 'vmlinuz'), () => true)).toEqual([])
  },
  900_000,
)

test.skipIf(!can)(
  'a virtual root works with pages of 16 KiB',
  () => {
    expect(wrongOnes(fetchArm64(KERNEL_16K, 'vmlinuz'), ({ virtual, owners }) => virtual && !owners)).toEqual([])
  },
  900_000,
)
