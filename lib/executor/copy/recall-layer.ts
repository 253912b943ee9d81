// Finds the layer of a copy from a context in which nothing has changed, without planning the copy.
import { cacheKey } from '../../cache/cache-key.ts'
import { decodeSnapshot, encodeSnapshot } from '../../context/snapshot-format.ts'
import { withoutSpans } from '../../graph/evaluate/without-spans.ts'
import type { CopyOp } from '../../graph/types.ts'
import type { WantedEncoding } from '../../layers/layer-sink.ts'
import { isDigest } from '../../oci/digest.ts'
import type { CacheKey } from '../../oci/types.ts'
import { stackKey } from '../filesystem.ts'
import { findCachedLayer } from '../find-cached-layer.ts'
import type { Filesystem, Session, StackedLayer, StepResult } from '../session.ts'

/** The kind of derived data under which a store keeps the snapshots of copies, by a key of the step. */
const SNAPSHOT_KIND = 'seen'

/** A copy, and what it copies onto and from. */
export interface CopyStep {
  readonly op: CopyOp
  readonly filesystem: Filesystem
  readonly source: StepResult | undefined
}

/** The definition of a copy, which does not depend on the files that it copies. */
export function copyDefinition(op: CopyOp, source: StepResult | undefined): string {
  return withoutSpans([op, source?.kind === 'context' ? source.name : ''])
}

/**
 * The layer of a copy that was made before onto the same filesystem, if no name and no status in the
 * directories that it read has changed since. Undefined otherwise: then the copy has to be planned.
 */
export async function recallLayer(
  copy: CopyStep,
  form: WantedEncoding,
  session: Session,
): Promise<StackedLayer | undefined> {
  // A cache that is exported needs keys that only the plan has.
  const step = session.noCache || session.caches?.isExporting ? undefined : recallable(copy, session)
  const bytes = step && session.store.readDerived(SNAPSHOT_KIND, step.key)
  const noted = bytes && decodeSnapshot(bytes)
  if (!noted || !isDigest(noted.note) || !step.disk.matches(noted.snapshot)) return undefined
  return await findCachedLayer(noted.note as CacheKey, form, session)
}

/** Saves for {@link recallLayer} the snapshot that a copy's plan was made from, and the key of the resulting layer. */
export function saveCopySnapshot(copy: CopyStep, layer: CacheKey, session: Session): void {
  const step = recallable(copy, session)
  const snapshot = step?.disk.snapshot()
  if (!step || !snapshot) return
  session.store.writeDerived(SNAPSHOT_KIND, step.key, encodeSnapshot(layer, snapshot))
}

function recallable({ op, filesystem, source }: CopyStep, session: Session) {
  const disk = source?.kind === 'context' ? source.context.disk : undefined
  // The status of files says nothing about the content of an archive or a URL.
  if (!disk || op.unpack || op.sources.some(({ kind }) => kind !== 'path')) return undefined
  const parts = [
    { label: 'operation', value: copyDefinition(op, source) },
    { label: 'filesystem', value: stackKey(filesystem) },
    { label: 'directory', value: disk.root },
    { label: 'ignore file', value: disk.ignoreFileText },
    { label: 'timestamps', value: session.epoch === undefined ? 'source' : String(session.epoch) },
  ]
  return { disk, key: cacheKey('what a copy has seen', parts) }
}
