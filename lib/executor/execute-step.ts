// Executes one vertex of the graph, whose inputs are ready.
import { TsbuildError } from '../base/errors.ts'
import { unreachable } from '../base/unreachable.ts'
import type { CopyOp, Op, Vertex } from '../graph/types.ts'
import type { WantedEncoding } from '../layers/layer-sink.ts'
import { treeEntries } from '../layers/union/tree-entries.ts'
import { recallLayer, saveCopySnapshot } from './copy/recall-layer.ts'
import { findUnseen, noteLayer } from './copy/unseen-layers.ts'
import { EMPTY, stack } from './filesystem.ts'
import type { Limiter } from './limiter.ts'
import { loadBase } from './load-base.ts'
import { downloadProgress, emitMiss } from './observe-step.ts'
import { planCopyStep, planWorkdirStep } from './plan-step.ts'
import { produceLayer } from './produce-layer.ts'
import { openRemotes } from './remote/open-remotes.ts'
import { executeRun } from './run/execute-run.ts'
import type { Filesystem, OpenedContext, Session, StepResult } from './session.ts'
import type { Below } from './why/explain-parts.ts'
import type { Miss } from './why/miss.ts'

export interface ExecuteStepOptions {
  /** The encoding that the result needs the layer of this vertex in. */
  readonly wanted: WantedEncoding
  readonly session: Session
  /** Limits the layers that are written at once. */
  readonly limit: Limiter
}

export async function executeStep(
  vertex: Vertex,
  inputs: readonly StepResult[],
  options: ExecuteStepOptions,
): Promise<StepResult> {
  const { wanted, session } = options
  session.signal.throwIfAborted()
  const { op } = vertex
  switch (op.kind) {
    case 'scratch':
      return { kind: 'filesystem', filesystem: EMPTY, cached: true }
    case 'image':
      return await baseStep(vertex.id, op, session)
    case 'context':
      return { kind: 'context', name: op.name, context: contextOf(op, session) }
    case 'workdir':
    case 'copy':
      return await layerStep(vertex.id, op, inputs, options)
    case 'run': {
      const [base, ...sources] = inputs
      if (!base) throw new Error('bug: a step without a filesystem')
      const filesystem = await filesystemOf(base, wanted, session)
      return await executeRun({ id: vertex.id, op, filesystem, sources, below: belowOf(base) }, wanted, session)
    }
    default:
      return unreachable(op)
  }
}

/** COPY, ADD and WORKDIR: a layer is planned, then found in the cache or written. */
async function layerStep(
  id: string,
  op: CopyOp | Extract<Op, { kind: 'workdir' }>,
  [base, source]: readonly StepResult[],
  { wanted, session, limit }: ExecuteStepOptions,
): Promise<StepResult> {
  if (!base) throw new Error('bug: a step without a filesystem')
  const filesystem = await filesystemOf(base, wanted, session)
  const onBytes = (current: number): void =>
    session.emit({ type: 'progress', time: session.clock.now(), step: id, current, unit: 'bytes' })
  const remote = op.kind === 'copy' ? await openRemotes(op, session, onBytes) : undefined
  const step = { op, filesystem, source, remote }
  const copy = op.kind === 'copy' ? { op, filesystem, source } : undefined
  return limit(async () => {
    const unchanged = copy ? await recallLayer(copy, wanted, session) : undefined
    if (unchanged) return { kind: 'filesystem', filesystem: stack(filesystem, unchanged), cached: true }
    const imported = await findUnseen(step, wanted, session)
    if (imported) return { kind: 'filesystem', filesystem: stack(filesystem, imported), cached: true }
    const plan =
      op.kind === 'copy'
        ? await planCopyStep(op, { filesystem, source, remote }, session)
        : await planWorkdirStep(op, filesystem, session)
    const onMiss = (miss: Miss): void => emitMiss(id, miss, session)
    const produced = await produceLayer(plan, { wanted, session, onBytes, onMiss })
    if (copy) saveCopySnapshot(copy, produced.key, session)
    await noteLayer(step, produced, session)
    return { kind: 'filesystem', filesystem: stack(filesystem, produced.layer), cached: produced.cached }
  })
}

function belowOf(base: StepResult): Below {
  if (base.kind !== 'filesystem' || base.isBase) return 'base'
  return base.cached ? 'cached' : 'built'
}

async function baseStep(id: string, op: Extract<Op, { kind: 'image' }>, session: Session): Promise<StepResult> {
  const need = session.baseNeeds.get(id) ?? 'files'
  const onProgress = downloadProgress(id, session)
  const { filesystem, fetched } = await loadBase(op.image, session, { need, onProgress })
  return { kind: 'filesystem', filesystem, cached: fetched === 0, isBase: true }
}

/** The filesystem of a result. A context (`FROM` a named context of files) becomes a layer with all of its files. */
export async function filesystemOf(result: StepResult, wanted: WantedEncoding, session: Session): Promise<Filesystem> {
  if (result.kind === 'filesystem') return result.filesystem
  const { context, name } = result
  const entries = [...treeEntries(context.tree)]
  const plan = { step: 'FROM', definition: `FROM context ${name}`, entries, root: context.disk?.root }
  const { layer } = await produceLayer(plan, { wanted, session })
  return stack(EMPTY, layer)
}

function contextOf(op: Extract<Op, { kind: 'context' }>, session: Session): OpenedContext {
  const context = session.contexts.get(op.name)
  if (context) return context
  throw new TsbuildError('CONTEXT_NOT_FOUND', `there is no build context named ${JSON.stringify(op.name)}`)
}
