// Finds the layer of COPY, ADD and WORKDIR in imported caches without looking at the filesystem below it, whose layers
// then need not be fetched.
import { cacheKey, KEY_VERSION, type KeyPart } from '../../cache/cache-key.ts'
import { withoutSpans } from '../../graph/evaluate/without-spans.ts'
import type { CopyOp, Op } from '../../graph/types.ts'
import { EMPTY_TREE, type FileTree } from '../../layers/file-tree.ts'
import type { WantedEncoding } from '../../layers/layer-sink.ts'
import type { CacheKey } from '../../oci/types.ts'
import { contentKey } from '../content-key.ts'
import { fetchLayers, unseenLayers } from '../fetch-layers.ts'
import { stackKey, viewOf } from '../filesystem.ts'
import { recordedLayer } from '../find-cached-layer.ts'
import { hashEntries } from '../hash-entries.ts'
import type { ProducedLayer } from '../produce-layer.ts'
import type { Filesystem, Session, StackedLayer, StepResult } from '../session.ts'
import { openArchiveEntry } from './open-archive-entry.ts'
import { type CopyPlanOptions, planCopy } from './plan-copy.ts'
import { copyDefinition } from './recall-layer.ts'

/** A step, what it is put onto, and what it takes files from. */
export interface LayerStep {
  readonly op: CopyOp | Extract<Op, { kind: 'workdir' }>
  readonly filesystem: Filesystem
  readonly source: StepResult | undefined
  readonly remote: CopyPlanOptions['remote']
}

/**
 * The layer that the same step got on the same layers, from a source with the same files. It is looked for only if
 * caches are imported and planning the step would fetch layers. If there is none, those layers are fetched.
 */
export async function findUnseen(
  step: LayerStep,
  wanted: WantedEncoding,
  session: Session,
): Promise<StackedLayer | undefined> {
  if (session.noCache || !session.caches?.isImporting) return undefined
  const { filesystem, source } = step
  const from = source?.kind === 'filesystem' ? source.filesystem : undefined
  const unseen = [...unseenLayers(filesystem, session), ...(from ? unseenLayers(from, session) : [])]
  if (unseen.length === 0) return undefined
  for await (const { key } of keysOf(step, session)) {
    const record = session.store.records.find(key)
    const layer = record && (await recordedLayer(record, wanted, session))
    if (!layer) continue
    session.caches.note(record)
    return layer
  }
  await fetchLayers(unseen, session)
  return undefined
}

/**
 * Notes the layer of a step for the caches: under its own key, and, for {@link findUnseen} of a build that imports the
 * cache, under the keys of the step.
 */
export async function noteLayer(step: LayerStep, produced: ProducedLayer, session: Session): Promise<void> {
  const { caches, store } = session
  const { layer, created } = produced.layer
  if (!caches || created === undefined) return
  const name = step.op.kind === 'copy' ? step.op.instruction : 'WORKDIR'
  const result = { version: KEY_VERSION, step: name, created, result: { diffID: layer.diffID } }
  caches.note({ ...result, key: produced.key, parts: [] })
  if (!caches.isExporting) return
  for await (const { key, parts } of keysOf(step, session)) {
    const record = { ...result, key, parts }
    store.records.save(record)
    caches.note(record)
  }
}

interface Key {
  readonly key: CacheKey
  readonly parts: readonly KeyPart[]
}

/** The keys of a step: by the layers of its source, if it is a filesystem, and by the files that it takes. */
async function* keysOf(step: LayerStep, session: Session): AsyncIterable<Key> {
  const { op, filesystem, source, remote } = step
  const keyOf = (label: string, value: string): Key => {
    const parts = [
      { label: 'operation', value: op.kind === 'copy' ? copyDefinition(op, source) : withoutSpans(op) },
      { label, value },
      { label: 'timestamps', value: session.epoch === undefined ? 'source' : String(session.epoch) },
      { label: 'layers below', value: stackKey(filesystem) },
    ]
    return { key: cacheKey('onto', parts), parts }
  }
  if (op.kind === 'workdir') {
    yield keyOf('source', '')
    return
  }
  if (source?.kind === 'filesystem') {
    yield keyOf('layers of the source', stackKey(source.filesystem))
    if (unseenLayers(source.filesystem, session).length > 0) return
  }
  const content = await takenFiles({ op, source, remote }, session)
  if (content !== undefined) yield keyOf('files', content)
}

/** The key of the files that a copy takes, as it would put them into an empty filesystem. */
async function takenFiles(
  { op, source, remote }: Pick<LayerStep, 'source' | 'remote'> & { readonly op: CopyOp },
  session: Session,
): Promise<string | undefined> {
  const { entries } = await planCopy({ ...op, chown: undefined }, await treeOf(source, session), EMPTY_TREE, {
    owner: undefined,
    now: session.now,
    timestamp: session.epoch,
    rootTime: source?.kind === 'context' ? undefined : session.now,
    remote,
    openArchive: (entry) => openArchiveEntry(entry, session),
    explainMissing: source?.kind === 'context' ? source.context.explainMissing : undefined,
    location: session.location,
  })
  const root = source?.kind === 'context' ? source.context.disk?.root : undefined
  const plan = { step: op.instruction, definition: copyDefinition(op, source), entries, root }
  const { digests } = hashEntries(plan, session, { readsAll: true })
  return contentKey(entries, digests)
}

async function treeOf(source: StepResult | undefined, session: Session): Promise<FileTree> {
  if (!source) return EMPTY_TREE
  return source.kind === 'context' ? source.context.tree : await viewOf(source.filesystem, session)
}
