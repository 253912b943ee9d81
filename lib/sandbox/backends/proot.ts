// Runs a command with proot, which traces its system calls and translates paths: for users who get no namespaces at
// all.
import { execFileSync } from 'node:child_process'
import { constants, existsSync } from 'node:fs'
import { chmod, lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { probeEnvironment } from '../attempt.ts'
import { writeDevDirectory } from '../dev/dev-directory.ts'
import { DEVICE_NODES } from '../dev/device-nodes.ts'
import { launchedCommand } from '../launch/command-environment.ts'
import { findTools } from '../launch/find-tools.ts'
import { killMarked, newMark } from '../launch/kill-processes.ts'
import { reaped } from '../native/reaped.ts'
import { refuseNetworkNone } from '../restrictions/network-none.ts'
import { prlimitArgv } from '../restrictions/prlimit.ts'
import { runProgram } from '../run-program.ts'
import type { Backend, PreparedCommand, SandboxCommand, SandboxMount, WorkerNamespaces } from '../types.ts'

interface Tools {
  readonly proot: string
  readonly prlimit: string
}

/**
 * The back-end for a user who gets no namespaces. The program is `$TSBUILD_PROOT`, else `proot` in PATH. It is no
 * security boundary: a command shares the builder's processes, network and host name. Users are pretended: they
 * change nothing about what a command may do, and `chown` succeeds without effect. A read-only mount is a copy that
 * is thrown away.
 *
 * prepare() rejects with SANDBOX_LACKS for `network: 'none'`. Throws SANDBOX_LACKS where there are namespaces,
 * SANDBOX_FAILED where a program is missing.
 */
export function createProotBackend(
  namespaces: WorkerNamespaces,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Backend {
  if (namespaces.mapping !== 'none') {
    throw new TsbuildError('SANDBOX_LACKS', 'proot is for environments without any user namespace: this one has better')
  }
  const proot = env['TSBUILD_PROOT'] || findTools(['proot']).proot
  const tools = { proot, ...findTools(['prlimit', 'cp']) }
  return {
    isolation: 'proot',
    program: `proot ${versionOf(proot)}`,
    features: { networkNone: false, controlLimits: false, insecure: false, processes: false, mounts: true },
    withoutFilter: () => 'proot sets none',
    prepare: (command) => prepare(command, tools),
  }
}

function versionOf(proot: string): string {
  const text = execFileSync(proot, ['--version'], { encoding: 'utf8', env: probeEnvironment(), timeout: 5000 })
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'of an unknown version'
}

async function prepare(command: SandboxCommand, tools: Tools): Promise<PreparedCommand> {
  refuseNetworkNone('proot', command)
  const { root, scratch, user, cwd } = command
  const dev = join(scratch, 'dev')
  await writeDevDirectory(dev, command.mounts)
  for (const name of ['shm', 'mqueue']) await chmod(join(dev, name), 0o1777)
  const binds = [
    ...['-b', '/proc', '-b', '/sys', '-b', `${dev}:/dev`],
    ...DEVICE_NODES.map(({ name }) => `/dev/${name}`).flatMap((path) => (existsSync(path) ? ['-b', path] : [])),
  ]
  for (const [at, mount] of command.mounts.entries()) {
    const source = await sourceOf(mount, join(scratch, `mount.${at}`))
    // A colon ends a path, and proot has no way to escape one.
    if (/:/.test(source + mount.target)) {
      throw new TsbuildError('SANDBOX_LACKS', `proot cannot mount a path with a colon: ${mount.target}`)
    }
    binds.push('-b', `${source}:${mount.target}`)
  }
  const mark = newMark()
  const { env, args } = launchedCommand(command)
  const argv = [
    ...prlimitArgv(tools.prlimit, command.resourceLimits, mark),
    ...[tools.proot, '--kill-on-exit', '-i', `${user.uid}:${user.gid}`, '-r', root, ...binds, '-w', cwd],
    ...args,
  ]
  const kill = (): Promise<void> => killMarked(mark)
  return { ...reaped(argv), env, kill, finish: kill }
}

/** The path to bind: the source itself, a copy of one that must not change, or an empty directory for a tmpfs. */
async function sourceOf(mount: SandboxMount, own: string): Promise<string> {
  if (mount.kind === 'tmpfs') {
    await mkdir(own)
    await chmod(own, mount.mode)
    return own
  }
  const isSocket = ((await lstat(mount.source)).mode & constants.S_IFMT) === constants.S_IFSOCK
  if (!mount.readonly || isSocket) return mount.source
  await runProgram('cp', ['-a', '-T', mount.source, own])
  return own
}
