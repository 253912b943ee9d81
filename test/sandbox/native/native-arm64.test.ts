// The helper's program for arm64, on a whole emulated machine with a kernel of its own: an emulator of programs has
// neither ptrace nor seccomp's notifications. A user who may do nothing runs the same cases as on this machine.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { DEVICE_LINKS, DEVICE_NODES } from '../../../lib/sandbox/dev/device-nodes.ts'
import { nativeSpec } from '../../../lib/sandbox/native/native-spec.ts'
import { virtualRootSpec } from '../../../lib/sandbox/native/virtual-root-spec.ts'
import { commandFilter } from '../../../lib/sandbox/seccomp/command-filter.ts'
import { nativeProgram } from '../../../scripts/build-native.ts'
import { bootArm64, type MachineFile } from '../../support/arm64/boot-arm64.ts'
import { fetchArm64, kernelOf } from '../../support/arm64/fetch-arm64.ts'
import { requires } from '../../support/requires.ts'
import { CALLS_SAY } from './native-call-cases.ts'
import { APPLETS, namespaces, ACCOUNTS, stepCommand } from './native-step.ts'
import { OWNERSHIP_CASES } from './ownership-cases.ts'
import { VIRTUAL_ROOT_CASES } from './virtual-root-cases.ts'

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-arm64-'))
afterAll(() => rmSync(directory, { recursive: true }))

const COMPILER = 'aarch64-linux-gnu-gcc'
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
  readonly lines: readonly string[]
}

const CALLS = Object.entries(CALLS_SAY).map(([word, lines]) => [word, `cd /tmp; calls ${word}`, lines] as const)
const CASES: readonly Case[] = [true, false].flatMap((virtual) =>
  [...CALLS, ...OWNERSHIP_CASES, ...(virtual ? VIRTUAL_ROOT_CASES : [])].map(([name, script, lines]) => ({
    title: `${virtual ? 'in a virtual root' : 'in a user namespace'}: ${name}`,
    script,
    virtual,
    lines,
  })),
)

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

function compile(source: string): Uint8Array {
  const file = join(directory, 'program')
  const flags = ['-static', '-O1', '-D_GNU_SOURCE', '-w', '-o', file, join(import.meta.dirname, source)]
  const { status, stderr } = spawnSync(COMPILER, flags, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return readFileSync(file)
}

/** The directories of a step: its root, which belongs to the user, and one for the helper's files. */
function room(busybox: Uint8Array, calls: Uint8Array): readonly MachineFile[] {
  const files: readonly MachineFile[] = [
    ...['', '/root', '/scratch'].map((path) => ({ path: `template${path}`, content: 'directory' }) as const),
    ...['bin', 'proc', 'dev', 'sys', 'etc', 'tmp', 'home', 'home/app'].map(
      (path) => ({ path: `template/root/${path}`, content: 'directory' }) as const,
    ),
    { path: 'template/root/bin/busybox', content: busybox },
    { path: 'template/root/bin/calls', content: calls },
    ...APPLETS.map((name) => ({ path: `template/root/bin/${name}`, content: { link: 'busybox' } })),
    ...Object.entries(ACCOUNTS).map(([name, content]) => ({ path: `template/root/etc/${name}`, content, mode: 0o644 })),
    ...DEVICE_NODES.map(({ name }) => ({ path: `template/root/dev/${name}`, content: '', mode: 0o644 })),
    ...DEVICE_LINKS.map(([name, link]) => ({ path: `template/root/dev/${name}`, content: { link } })),
  ]
  return files.map((file) => ({ ...file, uid: USER }))
}

function machineFiles(): { readonly busybox: Uint8Array; readonly files: readonly MachineFile[] } {
  const busybox = readFileSync(join(fetchArm64('busybox-static'), 'usr/bin/busybox'))
  const files: readonly MachineFile[] = [
    { path: 'helper', content: readFileSync(nativeProgram('arm64')) },
    { path: 'become', content: compile('../../support/arm64/become.c') },
    { path: 'filter', content: commandFilter(0n, 'arm64') ?? '' },
    { path: 'spec', content: 'directory' },
    ...CASES.map((each, index) => ({ path: `spec/${index}`, content: specOf(each) })),
    ...room(busybox, compile('native-calls.c')),
  ]
  return { busybox, files }
}

const UNSHARE = 'unshare -U -r -m --propagation private -p -f --mount-proc'
const lines = CASES.map(({ virtual }, index) => {
  const filter = virtual ? '/work/filter' : '-'
  const launcher = virtual ? '' : `/bin/busybox ${UNSHARE} `
  return `one ${index} /work/become ${USER} ${filter} ${launcher}/work/helper run`
})
const SCRIPT = `one() {
  number=$1; shift
  rm -rf ${ROOM}; cp -a /work/template ${ROOM}
  echo "=== begin $number"
  timeout 60 "$@" 3</work/spec/$number 2>&1 </dev/null
  echo "=== end $?"
}
${lines.join('\n')}`

function resultsOf(output: string): readonly string[] {
  const results: string[] = []
  for (const [, number, text = '', code] of output.matchAll(/^=== begin (\d+)\n([^]*?)^=== end (\d+)$/gm))
    results[Number(number)] = `${text}exit ${code}`
  return results
}

const can =
  process.platform === 'linux' &&
  ['qemu-system-aarch64', COMPILER, 'dpkg-deb', 'apt-get'].every((program) => requires(program))

describe.skipIf(!can)('the helper on arm64', () => {
  test('gives what it gives here', () => {
    const { busybox, files } = machineFiles()
    const kernel = process.env['TSBUILD_TEST_ARM64_KERNEL'] ?? kernelOf(fetchArm64('linux-image-arm64'))
    const output = bootArm64({ kernel, busybox, files, script: SCRIPT, timeout: 600 })
    const results = resultsOf(output)
    const wrong = CASES.flatMap(({ title, lines }, index) => {
      const expected = `${lines.map((line) => `${line}\n`).join('')}exit 0`
      return results[index] === expected ? [] : [{ title, expected, found: results[index] }]
    })
    if (results.length === 0) throw new Error(output)
    expect(wrong).toEqual([])
  }, 700_000)
})
