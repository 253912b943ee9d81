// The command of a RUN in its root filesystem.
import { lstatSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { TsbuildError } from '../../base/errors.ts'
import type { Identify } from '../../layers/diff/changed-entries.ts'
import type { FileTree } from '../../layers/file-tree.ts'
import { toFsPath } from '../../layers/paths/path-bytes.ts'
import { runCommand } from '../../sandbox/launch/run-command.ts'
import { chooseOwnershipMethod } from '../../sandbox/ownership/choose-ownership-method.ts'
import type { InodeKey, KnownOwner, KnownOwners } from '../../sandbox/ownership/ownership-method.ts'
import type { Exit } from '../../sandbox/types.ts'
import type { AccountFiles } from '../accounts.ts'
import { createCleanups } from './cleanups.ts'
import { identifyFiles, knownOwners } from './file-owners.ts'
import { createMountStubs, ensureWorkdir } from './mounts/mount-points.ts'
import { prepareMounts } from './mounts/prepare-mounts.ts'
import { createLineWriter, type LineWriter } from './output-lines.ts'
import { refuseAssumed, saysRefused, tellDoubts } from './ownership-warnings.ts'
import type { FromWorker, RunRequest } from './protocol.ts'
import { type RunUser, resolveRunUser } from './resolve-user.ts'
import type { Stacks } from './root/layer-stacks.ts'
import type { RunRoot } from './root/open-root.ts'
import { removeTree } from './root/remove-tree.ts'
import { resolveInRoot } from './root/resolve-in-root.ts'
import type { WorkerContext } from './worker-context.ts'

/** A command that has ended. */
export interface CommandEnd {
  readonly exit: Exit
  readonly user: RunUser
  /** In the form of entry.ts. */
  readonly mountTargets: readonly string[]
  /** Whether it said that it was refused an owner, in a place with one id. */
  readonly refused: boolean
  /** The owners of the files after the command; undefined if it failed. */
  readonly owners: { readonly identity: Identify; readonly exact: boolean } | undefined
}

/**
 * Runs the command of a request in a root that shows `view`. With `interactive` it has the worker's terminal, and no output is told. Errors
 * with `RUN_USER_UNKNOWN`, `MOUNT_INVALID`, `SANDBOX_LACKS` and `SANDBOX_FAILED`.
 */
export async function runInRoot(
  request: RunRequest,
  { directory }: RunRoot,
  view: FileTree,
  stacks: Stacks,
  context: WorkerContext,
  tell: (message: FromWorker) => void,
  interactive = false,
): Promise<CommandEnd> {
  const ownership = chooseOwnershipMethod(directory, context.means)
  refuseAssumed(ownership, request)
  const cleanups = createCleanups()
  try {
    const scratch = context.scratch.directory()
    cleanups.add(() => removeTree(scratch))
    const stubs = createMountStubs(directory)
    cleanups.add(stubs.remove)
    const accounts = accountsIn(directory)
    const user = resolveRunUser(request.user, accounts)
    for (const name of ['proc', 'dev', 'sys']) requireDirectory(directory, name)
    const cwd = ensureWorkdir(directory, request.workdir, context.owners ? user : undefined)
    const [mountScratch, backendScratch] = [join(scratch, 'mounts'), join(scratch, 'backend')]
    for (const path of [mountScratch, backendScratch]) mkdirSync(path, { mode: 0o711 })
    const { step } = request
    const say = (text: string): void => tell({ kind: 'log', step, stream: 'stderr', text })
    const mounts = await prepareMounts(request, directory, stubs, mountScratch, stacks, cleanups, context, say)
    const command = await ownership.wrap(
      {
        id: `tsbuild-${basename(scratch)}`,
        root: directory,
        scratch: backendScratch,
        args: request.args,
        env: [...withHome(request.env, user), ...request.secretEnv],
        cwd,
        user,
        mounts,
        hostname: request.hostname,
        network: request.network,
        insecure: request.insecure,
        resourceLimits: request.resourceLimits,
        controlLimits: request.controlLimits,
        shmSize: request.shmSize,
      },
      joined([knownOwners(view, directory), ...mounts.map(({ known }) => known ?? [])]),
    )
    let refused = false
    const writer = (stream: 'stdout' | 'stderr'): LineWriter =>
      createLineWriter((text) => {
        refused ||= saysRefused(text, ownership, context.namespaces)
        tell({ kind: 'log', step, stream, text })
      })
    const writers = { stdout: writer('stdout'), stderr: writer('stderr') }
    const { signal } = context
    const onOutput = (stream: 'stdout' | 'stderr', chunk: Uint8Array): void => writers[stream].write(chunk)
    const exit = await runCommand(context.backend, command, {
      signal,
      onOutput,
      openPipe: context.openPipe,
      interactive,
      grace: GRACE,
    }).finally(() => {
      writers.stdout.end()
      writers.stderr.end()
    })
    const mountTargets = mounts.map(({ target }) => target.slice(1))
    if (exit.kind === 'killed' || exit.code !== 0) return { exit, user, refused, mountTargets, owners: undefined }
    const after = await ownership.read(command)
    const isAssumed = ownership.kind === 'assumed'
    const signs = { after, refused, accounts: isAssumed && !isDeepStrictEqual(accounts, accountsIn(directory)) }
    const lost = tellDoubts(ownership, signs, directory, request, context, tell)
    return {
      exit,
      user,
      refused,
      mountTargets,
      owners: {
        identity: identifyFiles({ source: ownership, after, root: directory, user }),
        exact: !(lost && isAssumed),
      },
    }
  } finally {
    await cleanups.run()
  }
}

function* joined(lists: readonly KnownOwners[]): Generator<readonly [InodeKey, KnownOwner]> {
  for (const list of lists) yield* list
}

// Milliseconds for a command to end by itself: who stops a build does not want to wait for it.
const GRACE = 1000

/** What the back-end mounts at must be in the root itself: a link could lead anywhere on the host. */
function requireDirectory(root: string, name: string): void {
  const path = join(root, name)
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) mkdirSync(path, 0o755)
  else if (!stat.isDirectory()) throw new TsbuildError('MOUNT_INVALID', `/${name} of the image is not a directory`)
}

// As in BuildKit.
const USER_FILE_LIMIT = 10 * 1024 * 1024

function accountsIn(root: string): AccountFiles {
  return { passwd: textIn(root, '/etc/passwd'), group: textIn(root, '/etc/group') }
}

function textIn(root: string, path: string): string | undefined {
  const file = toFsPath(`${root}/${resolveInRoot(root, path)}`)
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat?.isFile()) return undefined
  if (stat.size > USER_FILE_LIMIT)
    throw new TsbuildError('RUN_USER_UNKNOWN', `${path} is larger than ${USER_FILE_LIMIT} bytes`)
  return readFileSync(file, 'utf8')
}

function withHome(env: readonly string[], user: RunUser): readonly string[] {
  return env.some((line) => line.startsWith('HOME=')) ? env : [...env, `HOME=${user.home}`]
}
