// From a COPY, ADD or WORKDIR vertex to the entries of its layer.
import { count } from '../base/count.ts'
import { baseName, joinPath, parentPath } from '../base/paths.ts'
import type { CopyOp, Op } from '../graph/types.ts'
import { EMPTY_TREE, type FileTree } from '../layers/file-tree.ts'
import { parseWhiteout } from '../layers/whiteout.ts'
import { isLinked } from './copy/is-linked.ts'
import { lookUpOwner } from './copy/look-up-owner.ts'
import { openArchiveEntry } from './copy/open-archive-entry.ts'
import { type CopyPlanOptions, planCopy } from './copy/plan-copy.ts'
import { planWorkdir } from './copy/plan-workdir.ts'
import { copyDefinition } from './copy/recall-layer.ts'
import { viewOf, withContents } from './filesystem.ts'
import type { LayerPlan } from './produce-layer.ts'
import type { Filesystem, Session, StepResult } from './session.ts'

export interface CopyInputs {
  /** The filesystem that the copy changes. */
  readonly filesystem: Filesystem
  /** The stage, image or context that the copy reads; undefined for one that reads remote and inline sources only. */
  readonly source: StepResult | undefined
  readonly remote: CopyPlanOptions['remote']
}

/** Errors as {@link planCopy} and {@link lookUpOwner} do. */
export async function planCopyStep(
  op: CopyOp,
  { filesystem, source, remote }: CopyInputs,
  session: Session,
): Promise<LayerPlan> {
  const linked = isLinked(op)
  const target = linked ? EMPTY_TREE : await viewOf(filesystem, session)
  const tree = await sourceTree(source, session)
  const context = source?.kind === 'context' ? source.context : undefined
  const owner =
    op.chown === undefined
      ? undefined
      : await lookUpOwner(op.chown, { flag: `--chown=${op.chown}`, linked }, filesystem, session)
  const { entries, whiteoutPaths } = await planCopy(op, tree, target, {
    owner,
    now: session.now,
    timestamp: session.epoch,
    rootTime: context ? undefined : session.now,
    remote,
    openArchive: (entry) => openArchiveEntry(entry, session),
    explainMissing: context?.explainMissing,
    location: session.location,
  })
  warnOfWhiteouts(op, whiteoutPaths, session)
  const from = source?.kind === 'filesystem' ? source.filesystem : undefined
  return {
    step: op.instruction,
    definition: copyDefinition(op, source),
    entries,
    root: context?.disk?.root,
    ...(from && { withContents: (wanted) => withContents(wanted, from, session) }),
  }
}

/** A whiteout among the files removes others from the image, as it does in BuildKit. */
function warnOfWhiteouts({ instruction }: CopyOp, paths: readonly string[], { warn }: Session): void {
  const [first] = paths
  if (first === undefined) return
  const others = paths.length > 1 ? `, and ${count(paths.length - 1, 'other file')}` : ''
  warn({
    code: 'LAYER_INVALID',
    message: `${instruction} brings ${JSON.stringify(first)}${others}: ${effectOf(first)}`,
    hint: 'names that begin with .wh. are whiteouts in a layer: rename the file, or exclude it in .dockerignore',
    step: undefined,
  })
}

function effectOf(path: string): string {
  const whiteout = parseWhiteout(baseName(path))
  const directory = parentPath(path)
  if (whiteout?.kind === 'name')
    return `it removes ${JSON.stringify(joinPath(directory, whiteout.name))} from the image`
  if (whiteout?.kind !== 'opaque') return 'it is no file of the image'
  return `it removes what earlier layers have in ${JSON.stringify(`/${directory}`)}`
}

async function sourceTree(source: StepResult | undefined, session: Session): Promise<FileTree> {
  if (!source) return EMPTY_TREE
  return source.kind === 'context' ? source.context.tree : await viewOf(source.filesystem, session)
}

/** Errors as {@link planWorkdir} and {@link lookUpOwner} do. */
export async function planWorkdirStep(
  op: Extract<Op, { kind: 'workdir' }>,
  filesystem: Filesystem,
  session: Session,
): Promise<LayerPlan> {
  const view = await viewOf(filesystem, session)
  const owner =
    op.user === ''
      ? undefined
      : await lookUpOwner(op.user, { flag: `USER ${op.user}`, linked: false }, filesystem, session)
  const entries = planWorkdir(op.path, view, { owner, now: session.now, timestamp: session.epoch })
  return { step: 'WORKDIR', definition: `WORKDIR ${op.path} ${op.user}`, entries, root: undefined }
}
