// One vertex of the graph, carried out.
import { TsbuildError } from '../base/errors.ts'
import { unreachable } from '../base/unreachable.ts'
import type { CopyOp, Op, Vertex } from '../graph/types.ts'
import { EMPTY_TREE } from '../layers/file-tree.ts'
import { treeEntries } from '../layers/union/tree-entries.ts'
import { isLinked } from './copy/is-linked.ts'
import { lookUpOwner } from './copy/look-up-owner.ts'
import { openArchiveEntry } from './copy/open-archive-entry.ts'
import { type CopyPlanOptions, planCopy } from './copy/plan-copy.ts'
import { planWorkdir } from './copy/plan-workdir.ts'
import { copyDefinition, noteLayer, recallLayer } from './copy/recall-layer.ts'
import { EMPTY, stack, viewOf, withContents } from './filesystem.ts'
import type { Limiter } from './limiter.ts'
import { loadBase } from './load-base.ts'
import { produceLayer } from './produce-layer.ts'
import { openRemotes } from './remote/open-remotes.ts'
import { executeRun } from './run/execute-run.ts'
import type { Filesystem, OpenedContext, Session, StepResult } from './session.ts'
import type { WantedEncoding } from './wanted-encoding.ts'

/** Carries out a vertex whose inputs are there. `form` is what the result needs of a layer that this vertex makes. */
export async function executeStep(
  vertex: Vertex,
  inputs: readonly StepResult[],
  form: WantedEncoding,
  session: Session,
  limit: Limiter,
): Promise<StepResult> {
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
    case 'copy': {
      const [base, source] = inputs
      if (!base) throw new Error('bug: a step without a filesystem')
      const filesystem = await filesystemOf(base, form, session)
      const progress = (current: number): void =>
        session.emit({ type: 'progress', time: Date.now(), step: vertex.id, current, unit: 'bytes' })
      const remote = op.kind === 'copy' ? await openRemotes(op, session, progress) : undefined
      return limit(async () => {
        const recalled = op.kind === 'copy' ? await recallLayer(op, filesystem, source, form, session) : undefined
        if (recalled) return { kind: 'filesystem', filesystem: stack(filesystem, recalled), cached: true }
        const plan =
          op.kind === 'copy'
            ? await copyPlan(op, filesystem, source, remote, session)
            : await workdirPlan(op, filesystem, session)
        const { layer, key, cached } = await produceLayer(plan, form, session, progress)
        if (op.kind === 'copy') noteLayer(op, filesystem, source, key, session)
        return { kind: 'filesystem', filesystem: stack(filesystem, layer), cached }
      })
    }
    case 'run': {
      const [base, ...sources] = inputs
      if (!base) throw new Error('bug: a step without a filesystem')
      return await executeRun(vertex, op, await filesystemOf(base, form, session), sources, form, session)
    }
    default:
      return unreachable(op)
  }
}

async function baseStep(id: string, op: Extract<Op, { kind: 'image' }>, session: Session): Promise<StepResult> {
  const need = session.baseNeeds?.get(id) ?? 'files'
  let told = 0
  const onProgress = (current: number, total: number): void => {
    const now = Date.now()
    if (now - told < PROGRESS_INTERVAL && current < total) return
    told = now
    session.emit({ type: 'progress', time: now, step: id, current, total, unit: 'bytes' })
  }
  const { filesystem, fetched } = await loadBase(op.image, session, { need, onProgress })
  return { kind: 'filesystem', filesystem, cached: fetched === 0 }
}

/** Milliseconds between two reports of how far a download is. */
const PROGRESS_INTERVAL = 100

/** A result as something to build on. A context (`FROM` a named context of files) becomes a layer with all of its files. */
export async function filesystemOf(result: StepResult, form: WantedEncoding, session: Session): Promise<Filesystem> {
  if (result.kind === 'filesystem') return result.filesystem
  const { context, name } = result
  const entries = [...treeEntries(context.tree)]
  const plan = { step: 'FROM', definition: `FROM context ${name}`, entries, root: context.disk?.root }
  const { layer } = await produceLayer(plan, form, session)
  return stack(EMPTY, layer)
}

async function copyPlan(
  op: CopyOp,
  filesystem: Filesystem,
  source: StepResult | undefined,
  remote: CopyPlanOptions['remote'],
  session: Session,
): Promise<Parameters<typeof produceLayer>[0]> {
  const linked = isLinked(op)
  const target = linked ? EMPTY_TREE : await viewOf(filesystem, session)
  const tree =
    source === undefined
      ? EMPTY_TREE
      : source.kind === 'context'
        ? source.context.tree
        : await viewOf(source.filesystem, session)
  const context = source?.kind === 'context' ? source.context : undefined
  const owner =
    op.chown === undefined
      ? undefined
      : await lookUpOwner(op.chown, { flag: `--chown=${op.chown}`, linked }, filesystem, session)
  const { entries } = await planCopy(op, tree, target, {
    owner,
    now: session.now,
    timestamp: session.epoch,
    rootTime: context ? undefined : session.now,
    remote,
    openArchive: (entry) => openArchiveEntry(entry, session),
    explainMissing: context?.explainMissing,
    location: session.location,
  })
  const definition = copyDefinition(op, source)
  const from = source?.kind === 'filesystem' ? source.filesystem : undefined
  return {
    step: op.instruction,
    definition,
    entries,
    root: context?.disk?.root,
    ...(from && { withContents: (wanted) => withContents(wanted, from, session) }),
  }
}

async function workdirPlan(
  op: Extract<Op, { kind: 'workdir' }>,
  filesystem: Filesystem,
  session: Session,
): Promise<Parameters<typeof produceLayer>[0]> {
  const view = await viewOf(filesystem, session)
  const owner =
    op.user === ''
      ? undefined
      : await lookUpOwner(op.user, { flag: `USER ${op.user}`, linked: false }, filesystem, session)
  const entries = planWorkdir(op.path, view, { owner, now: session.now, timestamp: session.epoch })
  return { step: 'WORKDIR', definition: `WORKDIR ${op.path} ${op.user}`, entries, root: undefined }
}

function contextOf(op: Extract<Op, { kind: 'context' }>, session: Session): OpenedContext {
  const context = session.contexts.get(op.name)
  if (context) return context
  throw new TsbuildError('CONTEXT_NOT_FOUND', `there is no build context named ${JSON.stringify(op.name)}`)
}
