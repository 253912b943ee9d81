// One RUN step, from its request to a layer in the store. Runs in the worker.
import { TsbuildError } from '../../base/errors.ts'
import { writeLayer } from '../../layers/write-layer.ts'
import type { BackendFeatures } from '../../sandbox/types.ts'
import { viewOf } from '../filesystem.ts'
import { captureChanges } from './capture-changes.ts'
import { keepFailed } from './kept-failed-steps.ts'
import type { FromWorker, RunRequest } from './protocol.ts'
import type { Stacks } from './root/layer-stacks.ts'
import { openRoot } from './root/open-root.ts'
import { runInRoot } from './run-in-root.ts'
import type { WorkerContext } from './worker-context.ts'

type Ended = Extract<FromWorker, { kind: 'done' | 'failed' }>

/**
 * Runs the command of a request in its root filesystem and writes what it changed as a layer. Errors as {@link runInRoot} does; rejects
 * with the context's signal's reason when that stops the command.
 */
export async function carryOut(
  request: RunRequest,
  stacks: Stacks,
  context: WorkerContext,
  tell: (message: FromWorker) => void,
): Promise<Ended> {
  const { step, form, reuse } = request
  checkFeatures(request, context.backend.features, context.backend.isolation)
  const filesystem = stacks(request.layers)
  const root = await openRoot(filesystem, context)
  try {
    const view = await viewOf(filesystem, context)
    const { exit, mountTargets, refused, owners } = await runInRoot(request, root, view, stacks, context, tell)
    context.signal.throwIfAborted()
    if (!owners) {
      const kept = request.keepFailed ? await keepFailed(request, root, context) : undefined
      return { kind: 'failed', step, exit, kept, refused }
    }
    const entries = captureChanges(root, mountTargets, owners.identity, request, context, tell)
    const { diffID, descriptor } = await writeLayer(entries, context.store, {
      compression: form === 'any' ? { algorithm: 'uncompressed' } : form,
      reuse,
      signal: context.signal,
    })
    await root.keep(diffID)
    return { kind: 'done', step, diffID, descriptor, exact: owners.exact }
  } finally {
    await root.discard()
  }
}

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
