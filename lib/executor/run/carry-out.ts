// One RUN step, from its request to a layer in the store. Runs in the worker.
import { lstatSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { TsbuildError } from '../../errors.ts'
import { toFsPath } from '../../layers/path-bytes.ts'
import { writeLayer } from '../../layers/write-layer.ts'
import { runCommand } from '../../sandbox/run-command.ts'
import type { BackendFeatures, Exit, SandboxCommand } from '../../sandbox/types.ts'
import { type CommandEnd, captureChanges } from './capture-changes.ts'
import { createCleanups } from './cleanups.ts'
import { resolveInRoot } from './disk-tree.ts'
import { keepFailed } from './kept-steps.ts'
import { createLineWriter, type LineWriter } from './line-writer.ts'
import { createMountStubs, ensureWorkdir } from './mount-stubs.ts'
import type { FromWorker, RunRequest } from './protocol.ts'
import { removeTree } from './remove-tree.ts'
import { openRoot, type RunRoot } from './run-root.ts'
import { type RunUser, resolveRunUser } from './run-user.ts'
import type { Stacks } from './stacks.ts'
import { prepareMounts } from './step-mounts.ts'
import type { WorkerContext } from './worker-context.ts'

type Ended = Extract<FromWorker, { kind: 'done' | 'failed' }>

/**
 * Runs the command of a request in its root filesystem and writes what it changed as a layer. Errors with `RUN_USER_UNKNOWN`,
 * `MOUNT_INVALID`, `SANDBOX_LACKS` and `SANDBOX_FAILED`; rejects with the context's signal's reason when that stops the command.
 */
export async function carryOut(
  request: RunRequest,
  stacks: Stacks,
  context: WorkerContext,
  tell: (message: FromWorker) => void,
): Promise<Ended> {
  checkFeatures(request, context.backend.features, context.backend.isolation)
  const root = await openRoot(stacks(request.layers), context)
  try {
    const { exit, ...end } = await runInRoot(request, root, stacks, context, tell)
    context.signal.throwIfAborted()
    if (exit.kind !== 'exited' || exit.code !== 0) {
      const kept = request.keepFailed ? await keepFailed(request, root, context) : undefined
      return { kind: 'failed', step: request.step, exit, kept }
    }
    const entries = captureChanges(root, end, request, context, tell)
    const { form } = request
    const written = await writeLayer(entries, context.store, {
      compression: form === 'any' ? { algorithm: 'uncompressed' } : form,
      reuse: request.reuse,
      signal: context.signal,
    })
    const { diffID, descriptor } = written
    await root.keep(diffID)
    return { kind: 'done', step: request.step, diffID, descriptor, exact: true }
  } finally {
    await root.discard()
  }
}

/**
 * Runs the command of a request in a root. With `interactive` it has the worker's terminal, and nothing is told.
 */
export async function runInRoot(
  request: RunRequest,
  { directory }: RunRoot,
  stacks: Stacks,
  context: WorkerContext,
  tell: (message: FromWorker) => void,
  interactive = false,
): Promise<CommandEnd & { readonly exit: Exit }> {
  const cleanups = createCleanups()
  try {
    const scratch = context.temporary()
    cleanups.add(() => removeTree(scratch))
    const stubs = createMountStubs(directory)
    cleanups.add(stubs.remove)
    const user = resolveRunUser(request.user, textIn(directory, '/etc/passwd'), textIn(directory, '/etc/group'))
    for (const name of ['proc', 'dev', 'sys']) requireDirectory(directory, name)
    const cwd = ensureWorkdir(directory, request.workdir, context.owners ? user : undefined)
    const [mountScratch, backendScratch] = [join(scratch, 'mounts'), join(scratch, 'backend')]
    for (const path of [mountScratch, backendScratch]) mkdirSync(path, { mode: 0o711 })
    const mounts = await prepareMounts(request, stubs, mountScratch, stacks, cleanups, context)
    const command: SandboxCommand = {
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
    }
    const { step } = request
    const writer = (stream: 'stdout' | 'stderr'): LineWriter =>
      createLineWriter((text) => tell({ kind: 'log', step, stream, text }))
    const writers = { stdout: writer('stdout'), stderr: writer('stderr') }
    const { signal } = context
    const onOutput = (stream: 'stdout' | 'stderr', chunk: Uint8Array): void => writers[stream].write(chunk)
    const exit = await runCommand(context.backend, command, { signal, onOutput, interactive, grace: GRACE }).finally(
      () => {
        writers.stdout.end()
        writers.stderr.end()
      },
    )
    return { exit, user, mountTargets: mounts.map(({ target }) => target.slice(1)) }
  } finally {
    await cleanups.run()
  }
}

// Milliseconds for a command to end by itself: who stops a build does not want to wait for it.
const GRACE = 1000

/** What the isolation can't give is refused; otherwise a step would run with less than was asked for. */
function checkFeatures(request: RunRequest, features: BackendFeatures, isolation: string): void {
  const lacks = (what: string, hint: string): TsbuildError =>
    new TsbuildError('SANDBOX_LACKS', `${what} is not possible with the isolation that works here (${isolation})`, {
      hint,
    })
  if (request.network === 'none' && !features.networkNone) {
    throw lacks('a step without network', 'run `tsbuild doctor` to see what would allow it')
  }
  if (Object.values(request.controlLimits).some((limit) => limit !== undefined) && !features.controlLimits) {
    throw lacks('a limit of memory or CPU', 'leave --memory and --cpu… out, or limit the builder itself')
  }
  if (request.insecure && !features.insecure) throw lacks('--security=insecure', 'build as root where that is allowed')
}

/** What the back-end mounts at must be in the root itself: a link could lead anywhere on the host. */
function requireDirectory(root: string, name: string): void {
  const path = join(root, name)
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) mkdirSync(path, 0o755)
  else if (!stat.isDirectory()) throw new TsbuildError('MOUNT_INVALID', `/${name} of the image is not a directory`)
}

// As in BuildKit.
const USER_FILE_LIMIT = 10 * 1024 * 1024

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
