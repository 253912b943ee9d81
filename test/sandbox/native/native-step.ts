// Runs steps with the native helper as someone who is not root and has no subordinate ids: in a user namespace
// with one id.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import { DEVICE_LINKS, DEVICE_NODES } from '../../../lib/sandbox/dev/device-nodes.ts'
import { nativeSpec } from '../../../lib/sandbox/native/native-spec.ts'
import { virtualRootSpec } from '../../../lib/sandbox/native/virtual-root-spec.ts'
import { parseHelperTable } from '../../../lib/sandbox/ownership/helper-owner-table.ts'
import {
  type InodeKey,
  type InodeOwner,
  type OwnerTables,
  ownersFrom,
} from '../../../lib/sandbox/ownership/ownership-method.ts'
import type { SandboxCommand, WorkerNamespaces } from '../../../lib/sandbox/types.ts'
import { buildProgram, buildSanitized, nativeProgram } from '../../../scripts/build-native.ts'
import { staticBusybox } from '../../support/programs.ts'

const PLAIN_USER = 12_345
const NAMESPACES = ['unshare', '-U', '-r', '-m', '--propagation', 'private']
const PROCESSES = ['-p', '-f', '--kill-child', '--mount-proc']

export const namespaces: WorkerNamespaces = {
  mapping: 'single',
  mounts: true,
  processes: true,
  launcher: [...(process.getuid?.() === 0 ? plainUser() : []), ...NAMESPACES, ...PROCESSES],
}

function plainUser(): readonly string[] {
  return ['setpriv', '--reuid', String(PLAIN_USER), '--regid', String(PLAIN_USER), '--clear-groups']
}

/** No namespaces, no capabilities, no_new_privs: as in a pod of the restricted profile, but for its seccomp filter. */
const NOTHING = ['--bounding-set=-all', '--inh-caps=-all', '--no-new-privs']

/** The namespaces of a step with a virtual root: none. */
const noNamespaces: WorkerNamespaces = {
  mapping: 'none',
  mounts: false,
  processes: false,
  launcher: process.getuid?.() === 0 ? [...plainUser(), ...NOTHING] : ['setpriv', '--no-new-privs'],
}

export interface NativeParts {
  readonly helper: string
  readonly busybox: string
  /** native-calls.c, compiled. */
  readonly calls: string
}

/** The helper and programs to run in it; undefined, after saying so, where one of them can't be had; an error in CI. */
export function nativeParts(): NativeParts | undefined {
  const busybox = staticBusybox()
  const { arch, platform } = process
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
    console.warn(`skipped: the native helper is for Linux on x64 and arm64, this is ${platform} on ${arch}`)
    return undefined
  }
  const refused = tryPlace()
  if (refused !== undefined) return lacking(`there is no user namespace for the native helper: ${refused}`)
  const helper = process.env['TSBUILD_TEST_SANITIZE'] === '1' ? buildSanitized() : nativeProgram(arch)
  const calls = compileCalls()
  if (helper === undefined || calls === undefined) return lacking('there is no C compiler for the native helper')
  return busybox === undefined ? undefined : { helper, busybox, calls }
}

function lacking(reason: string): undefined {
  if (process.env['CI'] === 'true') throw new Error(`${reason}, and CI=true allows no skipped tests`)
  console.warn(`skipped: ${reason}`)
}

function tryPlace(): string | undefined {
  const [launcher = '', ...argv] = namespaces.launcher
  const { status, error, stderr } = spawnSync(launcher, [...argv, 'true'], { encoding: 'utf8', cwd: '/' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}

function compileCalls(): string | undefined {
  const source = join(import.meta.dirname, 'native-calls.c')
  const file = join(mkdtempSync(join(tmpdir(), 'tsbuild-calls-')), 'calls')
  afterAll(() => rmSync(dirname(file), { recursive: true, force: true }))
  return buildProgram(source, file)
}

export interface Outcome {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  /** The table's record of a path of the root; undefined for a file that belongs to root. */
  readonly owner: (path: string) => InodeOwner | undefined
  readonly owners: readonly (readonly [InodeKey, InodeOwner])[]
  readonly milliseconds: number
}

export interface StepRoom {
  readonly root: string
  readonly scratch: string
  readonly helper: string
  /** Runs `sh -c script`, or the given words. */
  run(script: string | readonly string[], options?: StepOptions): Outcome
  keyOf(path: string): InodeKey
}

export interface StepOptions {
  readonly owners?: boolean
  readonly known?: Buffer
  readonly virtualCapabilities?: boolean
  readonly hardLinks?: boolean
  readonly realOwners?: boolean
  readonly kept?: readonly string[]
  readonly command?: Partial<SandboxCommand>
  readonly filter?: Uint8Array
  readonly namespaces?: WorkerNamespaces
  /** No namespaces and no mounts: the helper answers for names. */
  readonly virtualRoot?: boolean
  /** Another spec than that of the command. */
  readonly spec?: (usual: Buffer) => Buffer
  readonly environment?: Readonly<Record<string, string>>
}

/** A root filesystem with busybox in it, of the plain user; removed when the test ends. */
export function stepRoom(parts: NativeParts, where: string = tmpdir()): StepRoom {
  const home = mkdtempSync(join(where, 'tsbuild-native-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const root = join(home, 'root')
  for (const path of [root, join(home, 'scratch')]) mkdirSync(path)
  for (const name of ['bin', 'proc', 'dev', 'sys', 'etc', 'tmp', 'home', 'home/app']) mkdirSync(join(root, name))
  copyFileSync(parts.busybox, join(root, 'bin/busybox'))
  copyFileSync(parts.calls, join(root, 'bin/calls'))
  for (const applet of APPLETS) symlinkSync('busybox', join(root, 'bin', applet))
  for (const [name, text] of Object.entries(ACCOUNTS)) writeFileSync(join(root, 'etc', name), text)
  giveToPlainUser(home)
  return roomOf(parts, home)
}

/** The root filesystem in `root` of a directory of the plain user, which has an empty directory `scratch`, too. */
export function roomOf(parts: NativeParts, home: string): StepRoom {
  const root = join(home, 'root')
  const scratch = join(home, 'scratch')
  const helper = join(home, 'helper')
  copyFileSync(parts.helper, helper)
  return {
    root,
    scratch,
    helper,
    run: (script, options = {}) => runStep({ root, scratch, helper }, script, options),
    keyOf: (path) => keyOf(root, path),
  }
}

/** The files of /etc with the users and groups of a step. */
export const ACCOUNTS = {
  passwd: 'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n',
  group: 'root:x:0:\nwww:x:33:\napp:x:1000:\nextra:x:44:app\n',
} as const

export const APPLETS: readonly string[] =
  'sh cat chmod chown chroot cp cut date dd echo env find grep head hostname id ip kill ln ls mkdir mknod mount mv ps readlink rm rmdir sed seq setsid sleep sort stat su tail tar test touch true tr umount wc xargs'.split(
    ' ',
  )

export function giveToPlainUser(path: string): void {
  if (process.getuid?.() === 0) spawnSync('chown', ['-R', `${PLAIN_USER}:${PLAIN_USER}`, path])
}

function keyOf(root: string, path: string): InodeKey {
  const { dev, ino } = lstatSync(join(root, path), { bigint: true })
  return { dev, ino }
}

/** The command that a step is, unless the test says otherwise. */
export function stepCommand(root: string, scratch: string, args: readonly string[]): SandboxCommand {
  return {
    id: 'test',
    root,
    scratch,
    args,
    env: ['PATH=/bin', 'HOME=/root'],
    cwd: '/',
    user: { uid: 0, gid: 0, groups: [] },
    mounts: [],
    hostname: 'step',
    network: 'host',
    insecure: false,
    resourceLimits: [],
    controlLimits: {},
    shmSize: 1 << 20,
  }
}

function runStep(
  { root, scratch, helper }: Pick<StepRoom, 'root' | 'scratch' | 'helper'>,
  script: string | readonly string[],
  options: StepOptions,
): Outcome {
  const {
    owners = true,
    known,
    virtualCapabilities = false,
    hardLinks = false,
    realOwners = false,
    kept = [],
    filter,
    spec = (usual: Buffer) => usual,
  } = options
  const command = {
    ...stepCommand(root, scratch, typeof script === 'string' ? ['sh', '-c', script] : script),
    ...options.command,
  }
  const output = join(scratch, 'after')
  const input = known && join(scratch, 'before')
  if (input !== undefined && known) {
    writeFileSync(input, known)
    chmodSync(input, 0o666)
  }
  const tables: OwnerTables | undefined = owners
    ? { input, output, real: realOwners, virtualCapabilities, hardLinks, kept }
    : undefined
  const { virtualRoot = false } = options
  const settings = {
    namespaces: options.namespaces ?? (virtualRoot ? noNamespaces : namespaces),
    capabilities: 2n ** 41n - 1n,
    arch: process.arch,
    filter,
  }
  const file = join(scratch, 'spec')
  const bytes = virtualRoot && tables ? specOfVirtualRoot(command, tables) : nativeSpec(command, tables, settings)
  writeFileSync(file, spec(bytes))
  chmodSync(file, 0o644)
  const descriptor = openSync(file, 'r')
  rmSync(output, { force: true })
  const [launcher = '', ...argv] = settings.namespaces.launcher
  const before = performance.now()
  const { status, signal, stdout, stderr } = spawnSync(launcher, [...argv, helper, 'run'], {
    stdio: ['ignore', 'pipe', 'pipe', descriptor],
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...options.environment },
    timeout: 30_000,
    cwd: '/',
  })
  const milliseconds = performance.now() - before
  const entries = owners && existsSync(output) ? (parseHelperTable(readFileSync(output)) ?? []) : []
  const after = ownersFrom(entries)
  return {
    code: status,
    signal,
    stdout,
    stderr,
    owners: entries,
    owner: (path) => after.find(keyOf(root, path)),
    milliseconds,
  }
}

/** The spec of a step with a virtual root, whose /dev has the host's memory devices. */
function specOfVirtualRoot(command: SandboxCommand, tables: OwnerTables): Buffer {
  const { root, mounts } = command
  const devices = DEVICE_NODES.map(({ name }) => `/dev/${name}`)
  if (!existsSync(join(root, 'dev/null'))) {
    for (const path of devices) writeFileSync(join(root, path), '')
    for (const [name, target] of DEVICE_LINKS) symlinkSync(target, join(root, 'dev', name))
  }
  const binds = mounts.flatMap((mount) => (mount.kind === 'bind' ? [mount] : []))
  const nodes = devices.map((path) => ({ source: path, target: path, readonly: false }))
  return virtualRootSpec(command, { tables, binds: [...nodes, ...binds] })
}
