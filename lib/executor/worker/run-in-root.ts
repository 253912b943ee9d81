// Runs the command of a RUN step in its root filesystem.
import { lstatSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import type { Identify } from '../../layers/diff/changed-entries.ts'
import type { FileTree } from '../../layers/file-tree.ts'
import { runCommand } from '../../sandbox/launch/run-command.ts'
import { readHostFacts } from '../../sandbox/namespaces/host-facts.ts'
import { CONTAINER_PREFIX } from '../../sandbox/oci/sweep-control-groups.ts'
import type { InodeKey, KnownOwner, KnownOwners } from '../../sandbox/ownership/ownership-method.ts'
import type { Exit, SandboxCommand } from '../../sandbox/types.ts'
import { type Cleanups, createCleanups } from './cleanups.ts'
import { createMountPoints } from './mounts/mount-points.ts'
import { prepareMounts } from './mounts/prepare-mounts.ts'
import { ensureWorkdir } from './mounts/workdir.ts'
import { identifyFiles } from './owners/identify-files.ts'
import { knownOwners } from './owners/known-owners.ts'
import { isOwnerRefusal } from './owners/owner-refusal.ts'
import { readAccountFiles } from './read-account-files.ts'
import { type RunUser, resolveUser } from './resolve-user.ts'
import { removeTree } from './root/remove-tree.ts'
import type { RunRoot } from './root/run-root.ts'
import { createStepOutput } from './step-output.ts'
import type { WorkerStep } from './worker-context.ts'

export interface RunInRootOptions {
  readonly root: RunRoot
  /** The files of the root before the command. */
  readonly view: FileTree
  /** Gives the command the worker's terminal, and emits no output. */
  readonly interactive: boolean
}

/** The outcome of a command. */
export interface CommandEnd {
  readonly exit: Exit
  /** The last lines that the command printed. */
  readonly lastLines: readonly string[]
  /** Paths in the form of entry.ts. */
  readonly mountTargets: readonly string[]
  /** Whether the output says that the system refused an owner, where there is one user id. */
  readonly refused: boolean
  /** Identifies the files after the command; undefined if it failed. */
  readonly identity: Identify | undefined
}

/** Errors with `RUN_USER_UNKNOWN`, `MOUNT_INVALID`, `SANDBOX_LACKS` and `SANDBOX_FAILED`. */
export async function runInRoot(
  step: WorkerStep,
  { root: { directory }, view, interactive }: RunInRootOptions,
): Promise<CommandEnd> {
  const { request, context } = step
  const { ownership } = context
  const cleanups = createCleanups()
  try {
    const user = resolveUser(request.user, readAccountFiles(directory))
    const { command, known } = await prepareCommand(step, { root: directory, user, cleanups })
    warnOfNoFilter(step, command)
    const permissions = ownership.recordsPermissions === true
    const files = knownOwners(view, directory, { permissions, setIds: ownership.keepsSetIds })
    const wrapped = await ownership.wrap(command, joined([files, ...known]))
    const { exit, refused, lastLines } = await runWithOutput(step, wrapped, interactive)
    const mountTargets = command.mounts.map(({ target }) => target.slice(1))
    if (exit.kind === 'killed' || exit.code !== 0) {
      return { exit, lastLines, refused, mountTargets, identity: undefined }
    }
    const after = await ownership.read(wrapped)
    const identity = identifyFiles({ ownership, after, root: directory, user })
    return { exit, lastLines, refused, mountTargets, identity }
  } finally {
    await cleanups.run()
  }
}

interface PreparedStep {
  readonly command: SandboxCommand
  /** The owners of files in mounts. */
  readonly known: readonly KnownOwners[]
}

/** Makes everything ready that the command needs around its root. `cleanups` undoes it. */
async function prepareCommand(
  step: WorkerStep,
  { root, user, cleanups }: { readonly root: string; readonly user: RunUser; readonly cleanups: Cleanups },
): Promise<PreparedStep> {
  const { request, context } = step
  const directory = context.stepDirectories.create()
  cleanups.add(() => removeTree(directory))
  const points = createMountPoints(root)
  cleanups.add(points.remove)
  for (const name of ['proc', 'dev', 'sys']) ensureRealDirectory(root, name)
  const cwd = ensureWorkdir(root, request.workdir, context.owners ? user : undefined)
  const [mountFiles, scratch] = [join(directory, 'mounts'), join(directory, 'backend')]
  for (const path of [mountFiles, scratch]) mkdirSync(path, { mode: 0o711 })
  const mounts = await prepareMounts({ ...step, directory: mountFiles, cleanups }, { root, points })
  const { args, hostname, network, insecure, resourceLimits, controlLimits, shmSize } = request
  const command = {
    id: `${CONTAINER_PREFIX}${basename(directory)}`,
    root,
    scratch,
    args,
    env: [...withHome(request.env, user), ...request.secretEnv],
    cwd,
    user,
    mounts,
    hostname,
    network,
    insecure,
    resourceLimits,
    controlLimits,
    shmSize,
  }
  return { command, known: mounts.flatMap(({ known }) => (known ? [known] : [])) }
}

/** Milliseconds between SIGTERM and SIGKILL for a command of a build that is stopped. */
const GRACE = 1000

async function runWithOutput(
  step: WorkerStep,
  command: SandboxCommand,
  interactive: boolean,
): Promise<Pick<CommandEnd, 'exit' | 'refused' | 'lastLines'>> {
  const { context } = step
  let refused = false
  const output = createStepOutput(step, (text) => {
    refused ||= isOwnerRefusal(text, context.ownership, context.namespaces)
  })
  const exit = await runCommand(context.backend, command, {
    signal: context.signal,
    onOutput: output.write,
    openPipe: context.openPipe,
    interactive,
    grace: GRACE,
  }).finally(output.end)
  if (exit.kind === 'killed' || exit.code !== 0) output.sendClipped()
  return { exit, refused, lastLines: output.lastLines() }
}

function* joined(lists: readonly KnownOwners[]): Generator<readonly [InodeKey, KnownOwner]> {
  for (const list of lists) yield* list
}

/**
 * Back-ends mount at these directories of the root itself. A symlink could lead anywhere on the host. Errors with
 * `MOUNT_INVALID`.
 */
function ensureRealDirectory(root: string, name: string): void {
  const path = join(root, name)
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) mkdirSync(path, 0o755)
  else if (!stat.isDirectory()) throw new TsbuildError('MOUNT_INVALID', `/${name} of the image is not a directory`)
}

function withHome(env: readonly string[], user: RunUser): readonly string[] {
  return env.some((line) => line.startsWith('HOME=')) ? env : [...env, `HOME=${user.home}`]
}

/** Warns, once a build, of steps that can make every system call of the kernel, as none in docker can. */
function warnOfNoFilter({ request, context, emit }: WorkerStep, command: SandboxCommand): void {
  const reason = command.insecure || readHostFacts().seccomp ? undefined : context.backend.withoutFilter?.(command)
  if (reason === undefined) return
  const message = `steps run without a seccomp filter: ${reason}`
  if (context.warned.has(message)) return
  context.warned.add(message)
  const hint =
    'crun, runc, bubblewrap and the native helper set Docker’s filter: `tsbuild doctor` shows which works here'
  emit({ kind: 'warning', step: request.step, code: 'SANDBOX_LACKS', message, hint })
}
