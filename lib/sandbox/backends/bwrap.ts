// Runs a command with bubblewrap.
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unreachable } from '../../base/unreachable.ts'
import { probeEnvironment } from '../attempt.ts'
import { launchedCommand } from '../launch/command-environment.ts'
import { findTools } from '../launch/find-tools.ts'
import { killMarked, newMark } from '../launch/kill-processes.ts'
import { readHostFacts } from '../namespaces/host-facts.ts'
import { DEFAULT_CAPABILITIES } from '../restrictions/capabilities.ts'
import { MASKED_PATHS, READONLY_PATHS } from '../restrictions/masked-paths.ts'
import { prlimitArgv } from '../restrictions/ulimits.ts'
import { commandFilter } from '../seccomp/command-filter.ts'
import type { Backend, PreparedCommand, SandboxCommand, SandboxMount, WorkerNamespaces } from '../types.ts'
import { type ProgramWithLibraries, programWithLibraries } from './program-with-libraries.ts'

type Tools = Readonly<Record<'bwrap' | 'prlimit' | 'setpriv', string>>

/**
 * The back-end of bubblewrap, for a worker that is root, real or in a user namespace, and may mount. Two differences from Docker are
 * bubblewrap's own: it sets `no_new_privs`, so that `su` and `sudo` work for root only; and it adds `PWD` to the environment. Throws
 * SANDBOX_FAILED where a program is missing.
 */
export function createBwrapBackend(namespaces: WorkerNamespaces): Backend {
  const tools = findTools(['bwrap', 'prlimit', 'setpriv'])
  const version = execFileSync(tools.bwrap, ['--version'], { encoding: 'utf8', env: probeEnvironment() })
  const filter = commandFilter(readHostFacts().effective)
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
    prepare: (command) => prepare(command, namespaces, tools, filter),
  }
}

async function prepare(
  command: SandboxCommand,
  namespaces: WorkerNamespaces,
  tools: Tools,
  filter: Uint8Array | undefined,
): Promise<PreparedCommand> {
  const mark = newMark()
  const becoming = await userWords(command, namespaces, tools)
  // Only a program on the way to the command may be misled by the environment: bubblewrap has its own.
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
    // Inherited descriptors begin with 3.
    options.push('--seccomp', `${2 + files.push(join(command.scratch, 'filter'))}`)
    await writeFile(files[1] ?? '', filter)
  }
  // Not as arguments, which everybody on the machine could read.
  await writeFile(files[0] ?? '', options.map((option) => `${option}\0`).join(''), { mode: 0o600 })
  const words = [
    ...prlimitArgv(tools.prlimit, command.resourceLimits, mark),
    ...[tools.bwrap, '--args', '3', '--', ...(becoming?.words ?? []), ...args],
  ]
  // bubblewrap may end before the last processes of its namespace do, and where it has none they may stay.
  const kill = (): Promise<void> => killMarked(mark)
  return { file: tools.prlimit, args: words.slice(1), env: probeEnvironment(), files, kill, finish: kill }
}

function environmentOf({ env }: SandboxCommand): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]))
}

function namespaceOptions(
  { network, insecure, user }: SandboxCommand,
  namespaces: WorkerNamespaces,
): readonly string[] {
  // A namespace with one id calls it by the name that the command wants.
  const renamed = namespaces.mapping === 'single' && (user.uid !== 0 || user.gid !== 0)
  // bubblewrap gives capabilities to every user, and in that namespace there is no setpriv to take them again.
  const kept = renamed ? [] : insecure ? ['ALL'] : DEFAULT_CAPABILITIES
  return [
    ...['--unshare-uts', '--unshare-ipc', '--die-with-parent'],
    ...(namespaces.processes ? ['--unshare-pid'] : []),
    ...(network === 'none' ? ['--unshare-net'] : []),
    ...(renamed ? ['--unshare-user', '--uid', `${user.uid}`, '--gid', `${user.gid}`] : []),
    ...['--cap-drop', 'ALL', ...kept.flatMap((name) => ['--cap-add', name])],
  ]
}

function systemOptions(
  { root, insecure, shmSize, mounts }: SandboxCommand,
  namespaces: WorkerNamespaces,
): readonly string[] {
  // What the command mounts there is all that is there.
  const hasMemory = mounts.some(({ target }) => target === '/dev/shm')
  return [
    // Devices of the image can be seen and not used: there is no control group of devices that would keep the machine's from a command.
    ...[insecure ? '--dev-bind' : '--bind', root, '/'],
    ...(namespaces.processes ? ['--proc', '/proc'] : ['--bind', '/proc', '/proc']),
    ...['--dev', '/dev', '--mqueue', '/dev/mqueue'],
    ...(hasMemory ? [] : ['--perms', '1777', '--size', `${shmSize}`, '--tmpfs', '/dev/shm']),
    ...[insecure ? '--dev-bind' : '--ro-bind', '/sys', '/sys'],
    // Where the outer /proc is shown, it is as read-only as that place wanted it.
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

/** bubblewrap can't change the user, and there needn't be a program in the image that can: the system's comes along. */
async function userWords(
  { user }: SandboxCommand,
  { mapping }: WorkerNamespaces,
  { setpriv }: Tools,
): Promise<ProgramWithLibraries | undefined> {
  const groups = process.getgroups?.() ?? []
  const same = user.groups.length === groups.length && user.groups.every((group) => groups.includes(group))
  if (mapping === 'single' || (user.uid === 0 && user.gid === 0 && same)) return undefined
  const { files, words } = await programWithLibraries(setpriv, '/dev/.tsbuild')
  const others = user.groups.length > 0 ? `--groups=${user.groups.join(',')}` : '--clear-groups'
  return { files, words: [...words, `--reuid=${user.uid}`, `--regid=${user.gid}`, others, '--'] }
}
