// Runs a command with bubblewrap.
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unreachable } from '../../base/unreachable.ts'
import { probeEnvironment } from '../attempt.ts'
import { makeDevicesReadOnly } from '../dev/read-only-devices.ts'
import { shmBwrapArguments } from '../dev/shm-size.ts'
import { launchedCommand } from '../launch/command-environment.ts'
import { findTools } from '../launch/find-tools.ts'
import { killMarked, newMark } from '../launch/kill-processes.ts'
import { readHostFacts } from '../namespaces/host-facts.ts'
import { reaped } from '../native/reaped.ts'
import { DEFAULT_CAPABILITIES } from '../restrictions/capabilities.ts'
import { MASKED_PATHS, READONLY_PATHS } from '../restrictions/masked-paths.ts'
import { networkNone } from '../restrictions/network-none.ts'
import { prlimitArgv } from '../restrictions/prlimit.ts'
import { commandFilter, NO_FILTER_HERE } from '../seccomp/command-filter.ts'
import type { Backend, PreparedCommand, SandboxCommand, SandboxMount, WorkerNamespaces } from '../types.ts'
import { type ProgramWithLibraries, programWithLibraries } from './program-with-libraries.ts'

type Tools = Readonly<Record<'bwrap' | 'prlimit' | 'setpriv', string>>

/**
 * The back-end of bubblewrap, for a worker that is root, real or in a user namespace, and may mount. It differs from
 * Docker in two ways: bubblewrap sets `no_new_privs`, so that `su` and `sudo` work for root only, and adds `PWD` to
 * the environment. Throws SANDBOX_FAILED where a program is missing.
 */
export function createBwrapBackend(namespaces: WorkerNamespaces): Backend {
  const tools = findTools(['bwrap', 'prlimit', 'setpriv'])
  const version = execFileSync(tools.bwrap, ['--version'], { encoding: 'utf8', env: probeEnvironment() })
  const filter = commandFilter(readHostFacts().capabilities)
  let devices: Promise<void> | undefined
  return {
    isolation: 'bwrap',
    program: version.trim(),
    features: {
      networkNone: true,
      controlLimits: false,
      insecure: true,
      processes: namespaces.processes,
      mounts: true,
    },
    withoutFilter: () => (filter ? undefined : NO_FILTER_HERE),
    async prepare(command) {
      // bubblewrap shows the devices of the namespace that it is started in.
      devices ??= makeDevicesReadOnly()
      await devices
      return prepare(command, namespaces, tools, filter)
    },
  }
}

async function prepare(
  command: SandboxCommand,
  namespaces: WorkerNamespaces,
  tools: Tools,
  filter: Uint8Array | undefined,
): Promise<PreparedCommand> {
  const mark = newMark()
  const becoming = await setprivInRoot(command, namespaces, tools)
  // bubblewrap has an environment of its own. Only setpriv would see the command's.
  const { env, args } = becoming ? launchedCommand(command) : { env: environmentOf(command), args: command.args }
  const options = [
    ...namespaceOptions(command, namespaces),
    ...systemOptions(command, namespaces),
    ...command.mounts.flatMap(mountOptions),
    ...(becoming?.files.flatMap(({ source, target }) => ['--ro-bind', source, target]) ?? []),
    ...['--clearenv', ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value])],
    ...['--chdir', command.cwd, '--hostname', command.hostname],
  ]
  const files = [join(command.scratch, 'bwrap')]
  if (filter && !command.insecure) {
    // The descriptors that bubblewrap inherits begin with 3.
    options.push('--seccomp', `${2 + files.push(join(command.scratch, 'filter'))}`)
    await writeFile(files[1] ?? '', filter)
  }
  // In a file, since everybody on the machine can read the arguments of a process.
  await writeFile(files[0] ?? '', options.map((option) => `${option}\0`).join(''), { mode: 0o600 })
  const argv = [
    ...prlimitArgv(tools.prlimit, command.resourceLimits, mark),
    ...[tools.bwrap, '--args', '3', '--', ...(becoming?.argv ?? []), ...args],
  ]
  // bubblewrap may end before the last processes of its namespace do, and without a process id namespace they may stay.
  const kill = (): Promise<void> => killMarked(mark)
  // bubblewrap stays as the first process of the namespace, where the command can read its environment.
  const launched = namespaces.processes ? { file: tools.prlimit, args: argv.slice(1) } : reaped(argv)
  return { ...launched, env: {}, files, kill, finish: kill }
}

function environmentOf({ env }: SandboxCommand): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]))
}

function namespaceOptions(command: SandboxCommand, namespaces: WorkerNamespaces): readonly string[] {
  const { insecure, user } = command
  // In a user namespace with one id, that id gets the number of the command's user.
  const renamed = namespaces.mapping === 'single' && (user.uid !== 0 || user.gid !== 0)
  // bubblewrap grants capabilities to every user, and in that namespace no setpriv drops them again.
  const kept = renamed ? [] : insecure ? ['ALL'] : DEFAULT_CAPABILITIES
  return [
    ...['--unshare-uts', '--unshare-ipc', '--die-with-parent'],
    ...(namespaces.processes ? ['--unshare-pid'] : []),
    ...networkNone('bwrap', command),
    ...(renamed ? ['--unshare-user', '--uid', `${user.uid}`, '--gid', `${user.gid}`] : []),
    ...['--cap-drop', 'ALL', ...kept.flatMap((name) => ['--cap-add', name])],
  ]
}

function systemOptions(
  { root, insecure, shmSize, mounts }: SandboxCommand,
  namespaces: WorkerNamespaces,
): readonly string[] {
  // A mount of the command replaces the system's mount at the same target.
  const hasShm = mounts.some(({ target }) => target === '/dev/shm')
  return [
    // Device nodes of the image can be seen but not used: no control group of devices would keep the machine's from a
    // command.
    ...[insecure ? '--dev-bind' : '--bind', root, '/'],
    ...(namespaces.processes ? ['--proc', '/proc'] : ['--bind', '/proc', '/proc']),
    ...['--dev', '/dev', '--mqueue', '/dev/mqueue'],
    ...(hasShm ? [] : shmBwrapArguments(shmSize)),
    ...[insecure ? '--dev-bind' : '--ro-bind', '/sys', '/sys'],
    // A /proc that is shared with the builder keeps the read-only paths that it has.
    ...(insecure || !namespaces.processes
      ? []
      : READONLY_PATHS.filter(existsSync).flatMap((path) => ['--ro-bind', path, path])),
    ...(insecure ? [] : MASKED_PATHS.filter(existsSync).flatMap(maskOptions)),
  ]
}

function maskOptions(path: string): readonly string[] {
  return statSync(path).isDirectory() ? ['--tmpfs', path, '--remount-ro', path] : ['--dev-bind', '/dev/null', path]
}

function mountOptions(mount: SandboxMount): readonly string[] {
  switch (mount.kind) {
    case 'bind':
      return [mount.readonly ? '--ro-bind' : '--bind', mount.source, mount.target]
    case 'tmpfs': {
      const size = mount.size === undefined ? [] : ['--size', `${mount.size}`]
      return ['--perms', mount.mode.toString(8), ...size, '--tmpfs', mount.target]
    }
    default:
      return unreachable(mount)
  }
}

/**
 * bubblewrap can't change the user, and the image may have no program that can: setpriv of the system is mounted into
 * it.
 */
async function setprivInRoot(
  { user }: SandboxCommand,
  { mapping }: WorkerNamespaces,
  { setpriv }: Tools,
): Promise<ProgramWithLibraries | undefined> {
  const groups = process.getgroups?.() ?? []
  const same = user.groups.length === groups.length && user.groups.every((group) => groups.includes(group))
  if (mapping === 'single' || (user.uid === 0 && user.gid === 0 && same)) return undefined
  const { files, argv } = await programWithLibraries(setpriv, '/dev/.tsbuild')
  const others = user.groups.length > 0 ? `--groups=${user.groups.join(',')}` : '--clear-groups'
  return { files, argv: [...argv, `--reuid=${user.uid}`, `--regid=${user.gid}`, others, '--'] }
}
