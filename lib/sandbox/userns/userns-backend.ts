// Runs a command with util-linux alone: unshare makes the namespaces, pivot_root changes the root.
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
import { reaped } from '../native/reaped.ts'
import { setprivArgv, supportsSeccompFilter } from '../restrictions/drop-capabilities.ts'
import { networkNone } from '../restrictions/network-none.ts'
import { prlimitArgv } from '../restrictions/prlimit.ts'
import { commandFilter, NO_FILTER_HERE } from '../seccomp/command-filter.ts'
import type { Backend, PreparedCommand, SandboxCommand, WorkerNamespaces } from '../types.ts'
import { formatMountTable, type TableLine } from './mount-table.ts'
import { type NamespaceKeeper, startNamespaceKeeper } from './namespace-keeper.ts'
import { setupSteps } from './userns-mounts.ts'
import { KEEP_SCRIPT, setupScript } from './userns-script.ts'

type Tools = Readonly<Record<'unshare' | 'nsenter' | 'setpriv' | 'prlimit', string>>

/**
 * The back-end that needs only util-linux, for a worker that is root, real or in a user namespace, and may mount.
 * prepare() makes the namespaces and all mounts, and a process keeps them until finish(), or until this process ends.
 * The command joins the namespaces, drops all capabilities but Docker's, and changes its root and its user last.
 *
 * A command has Docker's seccomp filter if setpriv is from util-linux 2.40 or newer, but not in a user namespace with
 * one id when its user is not root. Throws SANDBOX_FAILED where a program is missing.
 */
export function createUsernsBackend(namespaces: WorkerNamespaces): Backend {
  const tools = findTools(['unshare', 'nsenter', 'setpriv', 'prlimit'])
  findTools(['sh', 'mount', 'umount', 'pivot_root', 'mkdir', 'cat'])
  const canFilter = supportsSeccompFilter(tools.setpriv)
  const filter = canFilter ? commandFilter(readHostFacts().capabilities) : undefined
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
    withoutFilter: (command) => {
      if (!canFilter) return 'setpriv is from util-linux before 2.40, which can set none'
      if (!filter) return NO_FILTER_HERE
      return needsUser(command, namespaces) ? 'its user is not root, and there is one user id here' : undefined
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
  const steps = await writeSetup(command, namespaces)
  const unshareArgs = [
    ...['-m', '--propagation', 'private', '-u', '-i'],
    ...networkNone('unshare', command),
    ...(namespaces.processes ? ['-p', '-f', '--kill-child'] : []),
    'sh',
  ]
  const builder = `/proc/${readlinkSync('/proc/self')}`
  const { root, hostname } = command
  const keeper = await startNamespaceKeeper(tools.unshare, unshareArgs, setupScript({ root, hostname, builder, steps }))
  const mark = newMark()
  let user: NamespaceKeeper | undefined
  const kill = async (): Promise<void> => {
    await keeper.end()
    // Without a process id namespace no process ends with the keeper. With one, the processes that it ended may take
    // a moment.
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
      ...setprivArgv(command, { setpriv: tools.setpriv, setGroups: namespaces.mapping !== 'single', filter: calls }),
      ...changeRoot(command, tools, { user, isFiltered: calls !== undefined }),
    ]
    const argv = [...chain, ...args]
    const launched = namespaces.processes ? { file: tools.nsenter, args: argv } : reaped([tools.nsenter, ...argv])
    return { ...launched, env, kill, finish }
  } catch (error) {
    await finish()
    throw error
  }
}

/** Writes the tables of mounts, and returns the steps of {@link setupScript}. */
async function writeSetup(command: SandboxCommand, namespaces: WorkerNamespaces): Promise<readonly string[]> {
  const dev = join(command.scratch, 'dev')
  await writeDevDirectory(dev, command.mounts)
  const steps: string[] = []
  let lines: TableLine[] = []
  const flush = async (): Promise<void> => {
    if (lines.length === 0) return
    const table = join(command.scratch, `mounts.${steps.length}`)
    await writeFile(table, formatMountTable(lines))
    steps.push(`table=${table}`)
    lines = []
  }
  for (const step of setupSteps(command, namespaces, dev)) {
    if (step.kind === 'mount') lines.push(step.line)
    else {
      await flush()
      steps.push(step.kind === 'loopback' ? `loopback=${step.how}` : `${step.kind}=${step.path}`)
    }
  }
  await flush()
  return steps
}

/**
 * In a user namespace with one id, a user other than root is that id under another name, in a user namespace within.
 */
async function openUser(
  command: SandboxCommand,
  namespaces: WorkerNamespaces,
  tools: Tools,
): Promise<NamespaceKeeper | undefined> {
  if (!needsUser(command, namespaces)) return undefined
  const { user } = command
  const map = ['-U', `--map-user=${user.uid}`, `--map-group=${user.gid}`]
  return startNamespaceKeeper(tools.unshare, [...map, 'sh'], KEEP_SCRIPT)
}

function needsUser({ user }: SandboxCommand, { mapping }: WorkerNamespaces): boolean {
  return mapping === 'single' && (user.uid !== 0 || user.gid !== 0)
}

/** The arguments that join the command's namespaces, but for a user namespace. */
function joinNamespaces(
  { pid }: NamespaceKeeper,
  command: SandboxCommand,
  namespaces: WorkerNamespaces,
): readonly string[] {
  const kinds = ['uts', 'ipc', ...networkNone('nsenter', command), ...(namespaces.processes ? ['pid'] : []), 'mnt']
  const options = kinds.map((kind) => `--${kind === 'mnt' ? 'mount' : kind}=/proc/${pid}/ns/${kind}`)
  // The root stays the builder's for now, since the programs that follow are there. The working directory is the
  // command's root.
  return [...options, '--root=/', `--wd=/proc/${pid}/root`, '--']
}

interface RootChange {
  /** The namespace in which the one id is the command's user. */
  readonly user: NamespaceKeeper | undefined
  /** Whether a seccomp filter is on by then. */
  readonly isFiltered: boolean
}

/** The arguments that make the working directory the root, and become the command's user. */
function changeRoot(
  { cwd, user }: SandboxCommand,
  { nsenter, unshare }: Tools,
  { user: namespace, isFiltered }: RootChange,
): readonly string[] {
  if (namespace) {
    const joined = [`--user=/proc/${namespace.pid}/ns/user`, '--preserve-credentials']
    return [nsenter, ...joined, '--root=.', `--wdns=${cwd}`, '--']
  }
  const became = user.uid === 0 ? [] : [`--setuid=${user.uid}`]
  // The filter refuses unshare(2) even when there is nothing to unshare. A util-linux too old for filters lacks
  // --wdns, too.
  if (isFiltered) return [nsenter, ...became, '--root=.', `--wdns=${cwd}`, '--']
  return [unshare, '--root=.', `--wd=${cwd}`, ...became, '--']
}
