// One RUN step, from its request to a layer in the store.
import { lstatSync } from 'node:fs'
import { TsbuildError } from '../../base/errors.ts'
import { writeLayer } from '../../layers/write-layer.ts'
import type { BackendFeatures } from '../../sandbox/types.ts'
import { viewOf } from '../filesystem.ts'
import { captureChanges } from './capture-changes.ts'
import { keepFailed } from './kept-failed-steps.ts'
import type { FromWorker, RunRequest } from './protocol.ts'
import { openRoot } from './root/open-root.ts'
import { runInRoot } from './run-in-root.ts'
import type { WorkerStep } from './worker-context.ts'

type Ended = Extract<FromWorker, { kind: 'done' | 'failed' }>

/**
 * Runs the command of a request in its root filesystem and writes the changes as a layer. Errors as {@link runInRoot}
 * does; rejects with the signal's reason when the signal stops the command.
 */
export async function produceRunLayer(step: WorkerStep): Promise<Ended> {
  const { request, context } = step
  refuseUnsupported(request, context.backend.features, context.backend.isolation)
  const filesystem = context.filesystemOf(request.layers)
  const root = await openRoot(filesystem, context)
  try {
    const view = await viewOf(filesystem, context)
    const rootBefore = lstatSync(root.directory, { bigint: true })
    const ended = await runInRoot(step, { root, view, interactive: false })
    const { exit, lastLines, mountTargets, refused, identity } = ended
    context.signal.throwIfAborted()
    if (!identity) {
      const kept = request.keepFailed ? await keepFailed(request, root, context) : undefined
      return { kind: 'failed', step: request.step, exit, lastLines, kept, refused }
    }
    const { entries, complete } = captureChanges(step, root, { mountTargets, identity, rootBefore, view })
    const { diffID, descriptor, size } = await writeLayer(entries, context.store, {
      compression: request.encoding === 'any' ? { algorithm: 'uncompressed' } : request.encoding,
      reuse: request.reuse,
      signal: context.signal,
    })
    await root.keep(diffID)
    // The directory that the root keeps takes about as much as the tar of the layer.
    context.store.written?.add(size)
    return { kind: 'done', step: request.step, diffID, descriptor, complete }
  } finally {
    await root.discard()
  }
}

/**
 * Refuses a request that the isolation can't fulfil: the step would run with less than was asked for. Errors with
 * `SANDBOX_LACKS`.
 */
function refuseUnsupported(request: RunRequest, features: BackendFeatures, isolation: string): void {
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
