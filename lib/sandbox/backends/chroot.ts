// Runs a command by chroot(2) alone: for root in a container that may not mount.
import { isUtf8 } from 'node:buffer'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { resolvePathInRoot } from '../../base/path-in-root.ts'
import { copyDeviceNodes } from '../dev/copy-device-nodes.ts'
import { launchedCommand } from '../launch/command-environment.ts'
import { findTools } from '../launch/find-tools.ts'
import { killMarked, newMark } from '../launch/kill-processes.ts'
import { reaped } from '../native/reaped.ts'
import { setprivArgv } from '../restrictions/drop-capabilities.ts'
import { refuseNetworkNone } from '../restrictions/network-none.ts'
import { prlimitArgv } from '../restrictions/prlimit.ts'
import type { Backend, PreparedCommand, SandboxCommand } from '../types.ts'
import { copyIn, type TakeOut } from './chroot-mounts.ts'

type Tools = Readonly<Record<'nsenter' | 'setpriv' | 'prlimit', string>>

/**
 * The back-end that needs no namespaces, only real root with Docker's capabilities. A command shares the builder's
 * processes, network and host name; it has neither /proc nor /sys, and /dev/shm is as large as the disk. Mounts are
 * copies: what a command changes in a read-only one is lost, and if two commands write to one source at the same
 * time, the later wins.
 *
 * prepare() rejects with SANDBOX_LACKS for `network: 'none'`. Throws SANDBOX_FAILED where a program is missing.
 */
export function createChrootBackend(): Backend {
  const tools = findTools(['nsenter', 'setpriv', 'prlimit'])
  findTools(['cp', 'chmod', 'chown'])
  return {
    isolation: 'chroot',
    program: 'chroot',
    features: { networkNone: false, controlLimits: false, insecure: false, processes: false, mounts: false },
    withoutFilter: () => 'chroot sets none',
    prepare: (command) => prepare(command, tools),
  }
}

async function prepare(command: SandboxCommand, tools: Tools): Promise<PreparedCommand> {
  refuseNetworkNone('chroot', command)
  const { env, args } = launchedCommand(command)
  const mark = newMark()
  const kill = (): Promise<void> => killMarked(mark)
  const undo: TakeOut[] = []
  const finish = async (): Promise<void> => {
    await kill()
    // In reverse order: a mount may be within another.
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const removeDevices = await copyDeviceNodes(command.root)
    undo.push(async () => removeDevices())
    for (const [index, mount] of command.mounts.entries()) {
      undo.push(await copyIn(mount, command.root, join(command.scratch, `aside.${index}`)))
    }
    return { ...reaped([...chain(command, tools, mark), ...args]), env, kill, finish }
  } catch (error) {
    await finish()
    throw error
  }
}

function chain(command: SandboxCommand, tools: Tools, mark: number): readonly string[] {
  const { root, cwd, user } = command
  // nsenter opens the directory before it changes the root.
  const directory = workingDirectory(root, cwd)
  return [
    ...prlimitArgv(tools.prlimit, command.resourceLimits, mark),
    ...setprivArgv(command, { setpriv: tools.setpriv, setGroups: true }),
    ...[
      tools.nsenter,
      `--root=${root}`,
      `--wd=${directory}`,
      ...(user.uid === 0 ? [] : [`--setuid=${user.uid}`]),
      '--',
    ],
  ]
}

/** The host's path of a directory of the root. Errors with SANDBOX_FAILED for one that an argument can't name. */
function workingDirectory(root: string, cwd: string): string {
  const resolved = resolvePathInRoot(root, cwd)?.absolute
  if (!resolved) throw new TsbuildError('SANDBOX_FAILED', `too many symbolic links in ${cwd}`)
  if (!isUtf8(resolved)) throw new TsbuildError('SANDBOX_FAILED', `${cwd} is a link to a name that is not UTF-8`)
  return resolved.toString()
}
