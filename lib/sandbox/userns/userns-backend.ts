// Runs a command with nothing but util-linux: namespaces by unshare, a root of its own by pivot_root.
import { execFileSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../../base/find-program.ts'
import { probeEnvironment } from '../attempt.ts'
import { writeDevDirectory } from '../dev/dev-directory.ts'
import { launchedCommand } from '../launch/command-environment.ts'
import { findTools } from '../launch/find-tools.ts'
import { killMarked, newMark } from '../launch/kill-processes.ts'
import { readHostFacts } from '../namespaces/host-facts.ts'
import { setprivArgv, supportsSeccompFilter } from '../restrictions/drop-capabilities.ts'
import { prlimitArgv } from '../restrictions/ulimits.ts'
import { commandFilter } from '../seccomp/command-filter.ts'
import type { Backend, PreparedCommand, SandboxCommand, WorkerNamespaces } from '../types.ts'
import { formatMountTable, type TableLine } from './mount-table.ts'
import { type NamespaceKeeper, startNamespaceKeeper } from './namespace-keeper.ts'
import { setupSteps } from './userns-mounts.ts'
import { KEEP_SCRIPT, setupScript } from './userns-script.ts'

type Tools = Readonly<Record<'unshare' | 'nsenter' | 'setpriv' | 'prlimit', string>>

/**
 * The back-end that needs only util-linux, for a worker that is root, real or in a user namespace, and may mount. prepare() makes the
 * namespaces and all mounts; a process in them keeps them until finish(), or until this process dies. The command joins them, gives up
 * all capabilities but Docker's, and changes its root and user as the last thing.
 *
 * It has Docker's seccomp filter where setpriv is from util-linux 2.40 or newer, but not for another user than root where there is one id.
 * Throws SANDBOX_FAILED where a program is missing.
 */
export function createUsernsBackend(namespaces: WorkerNamespaces): Backend {
  const tools = findTools(['unshare', 'nsenter', 'setpriv', 'prlimit'])
  findTools(['sh', 'mount', 'umount', 'pivot_root', 'mkdir', 'cat'])
  const filter = supportsSeccompFilter(tools.setpriv) ? commandFilter(readHostFacts().effective) : undefined
  const version = execFileSync(tools.unshare, ['--version'], { encoding: 'utf8', env: probeEnvironment() })
  return {
    isolation: 'userns',
    program: `unshare (${/util-linux [\d.]+/.exec(version)?.[0] ?? 'util-linux'})`,
    features: {
      networkNone: namespaces.processes || findProgram('ip') !== undefined,
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
  const { env, args } = launchedCommand(command)
  const words = await writeSetup(command, namespaces)
  const unshareArgs = [
    ...['-m', '--propagation', 'private', '-u', '-i'],
    ...(command.network === 'none' ? ['-n'] : []),
    ...(namespaces.processes ? ['-p', '-f', '--kill-child'] : []),
    'sh',
  ]
  const builder = `/proc/${readlinkSync('/proc/self')}`
  const { root, hostname } = command
  const keeper = await startNamespaceKeeper(tools.unshare, unshareArgs, setupScript({ root, hostname, builder, words }))
  const mark = newMark()
  let user: NamespaceKeeper | undefined
  const kill = async (): Promise<void> => {
    await keeper.end()
    // Without a process id namespace nothing ends with the keeper; with one, those that it ended may take a moment.
    await killMarked(mark)
  }
  const finish = async (): Promise<void> => {
    await kill()
    await user?.end()
  }
  try {
    user = await openUser(command, namespaces, tools)
    const calls = filter && !command.insecure && !user ? join(command.scratch, 'filter') : undefined
    if (filter && calls !== undefined) await writeFile(calls, filter)
    const chain = [
      ...joinNamespaces(keeper, command, namespaces),
      ...prlimitArgv(tools.prlimit, command.resourceLimits, mark),
      // Groups can't be set in a namespace with one id.
      ...setprivArgv(tools.setpriv, command, namespaces.mapping !== 'single', calls),
      ...changeRoot(command, user, calls !== undefined, tools),
    ]
    return { file: tools.nsenter, args: [...chain, ...args], env, kill, finish }
  } catch (error) {
    await finish()
    throw error
  }
}

/** Writes the tables of mounts and gives the words of {@link setupScript}. */
async function writeSetup(command: SandboxCommand, namespaces: WorkerNamespaces): Promise<readonly string[]> {
  const dev = join(command.scratch, 'dev')
  await writeDevDirectory(dev, command.mounts)
  const words: string[] = []
  let lines: TableLine[] = []
  const flush = async (): Promise<void> => {
    if (lines.length === 0) return
    const table = join(command.scratch, `mounts.${words.length}`)
    await writeFile(table, formatMountTable(lines))
    words.push(`table=${table}`)
    lines = []
  }
  for (const step of setupSteps(command, namespaces, dev)) {
    if (step.kind === 'mount') lines.push(step.line)
    else {
      await flush()
      words.push(step.kind === 'loopback' ? `loopback=${step.how}` : `${step.kind}=${step.path}`)
    }
  }
  await flush()
  return words
}

/** In a namespace with one id, a user other than its root is that id by another name, in a user namespace within. */
async function openUser(
  { user }: SandboxCommand,
  namespaces: WorkerNamespaces,
  tools: Tools,
): Promise<NamespaceKeeper | undefined> {
  if (namespaces.mapping !== 'single' || (user.uid === 0 && user.gid === 0)) return undefined
  const map = ['-U', `--map-user=${user.uid}`, `--map-group=${user.gid}`]
  return startNamespaceKeeper(tools.unshare, [...map, 'sh'], KEEP_SCRIPT)
}

function joinNamespaces(
  { pid }: NamespaceKeeper,
  { network }: SandboxCommand,
  namespaces: WorkerNamespaces,
): readonly string[] {
  const kinds = ['uts', 'ipc', ...(network === 'none' ? ['net'] : []), ...(namespaces.processes ? ['pid'] : []), 'mnt']
  const options = kinds.map((kind) => `--${kind === 'mnt' ? 'mount' : kind}=/proc/${pid}/ns/${kind}`)
  // The root stays the builder's for now: the programs that follow are there, and the command's root is the working directory.
  return [...options, '--root=/', `--wd=/proc/${pid}/root`, '--']
}

function changeRoot(
  { cwd, user }: SandboxCommand,
  namespace: NamespaceKeeper | undefined,
  filtered: boolean,
  { nsenter, unshare }: Tools,
): readonly string[] {
  if (namespace) {
    const joined = [`--user=/proc/${namespace.pid}/ns/user`, '--preserve-credentials']
    return [nsenter, ...joined, '--root=.', `--wdns=${cwd}`, '--']
  }
  const became = user.uid === 0 ? [] : [`--setuid=${user.uid}`]
  // The filter refuses unshare(2) even where there is nothing to unshare; util-linux from before it had filters doesn't know --wdns.
  if (filtered) return [nsenter, ...became, '--root=.', `--wdns=${cwd}`, '--']
  return [unshare, '--root=.', `--wd=${cwd}`, ...became, '--']
}
