// From the entries of a step to its layer: a cached layer of the same key, or a new one.

import { cacheKey, KEY_VERSION } from '../cache/cache-key.ts'
import type { BuildRecord } from '../cache/records.ts'
import type { HashedFile, StatCache } from '../context/stat-cache.ts'
import type { SourceEntry } from '../layers/entry.ts'
import type { DigestColumn } from '../layers/index/digest-column.ts'
import { decodeLayerIndex, INDEX_KIND } from '../layers/index/layer-index.ts'
import type { WantedEncoding } from '../layers/layer-sink.ts'
import { writeLayer } from '../layers/write-layer.ts'
import type { CacheKey } from '../oci/types.ts'
import { contentKey } from './content-key.ts'
import { findCachedLayer, previousBlob, recordedDiffID } from './find-cached-layer.ts'
import { type HashedStep, hashEntries } from './hash-entries.ts'
import type { Session, StackedLayer } from './session.ts'
import { explainFiles } from './why/explain-files.ts'
import { type Miss, NO_CACHE, neverBuilt } from './why/miss.ts'

export interface LayerPlan extends HashedStep {
  /** Makes the contents of entries readable. Called only if the layer has to be written. */
  readonly withContents?: (entries: readonly SourceEntry[]) => Promise<readonly SourceEntry[]>
}

export interface ProducedLayer {
  readonly layer: StackedLayer
  /** The key that {@link findCachedLayer} finds the layer by. */
  readonly key: CacheKey
  readonly cached: boolean
}

export interface ProduceLayerOptions {
  readonly wanted: WantedEncoding
  readonly session: Session
  /** Called now and then with the number of bytes written so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined
  /** Is told why the layer has to be written, before it is. */
  readonly onMiss?: ((miss: Miss) => void) | undefined
}

/**
 * The layer that holds these entries: a cached one, or a new one. Of steps that do the same at the same time, as
 * those of several platforms do, the first one does the work and the others find its layer. The key is made of
 * content and of the policy for timestamps, not of times. The files of a step that never ran before are hashed
 * while they are written. For any other step, files whose status changed are read first, to find out whether the
 * layer has to be written at all.
 */
export async function produceLayer(plan: LayerPlan, options: ProduceLayerOptions): Promise<ProducedLayer> {
  const { producing } = options.session
  const definition = cacheKey(`${plan.step} definition`, [{ label: 'operation', value: plan.definition }])
  const earlier = producing.get(definition)
  const own = (earlier ?? Promise.resolve()).then(() =>
    produce(plan, { ...options, definition, isRepeated: earlier !== undefined }),
  )
  // A step that fails reports its own error.
  producing.set(definition, own.then(nothing, nothing))
  return own
}

const nothing = (): void => {}

interface ProduceOptions extends ProduceLayerOptions {
  readonly definition: CacheKey
  /** Whether an equal step of the same build came before. */
  readonly isRepeated: boolean
}

async function produce(plan: LayerPlan, options: ProduceOptions): Promise<ProducedLayer> {
  const { definition, isRepeated, wanted, session, onBytes } = options
  session.signal.throwIfAborted()
  const { store } = session
  const noCache = session.noCache && !isRepeated
  const previous = store.records.find(definition)
  // A step that ran elsewhere may be in an imported cache.
  const readsAll = !noCache && (previous !== undefined || session.caches?.isImporting === true)
  // Without the cache every file is read, even one whose digest is known by its status.
  const { digests, stats } = hashEntries(plan, session, { readsAll, ignoresStatus: noCache })
  const expected = noCache ? undefined : layerKey(plan, digests, session)
  const found = expected && (await findCachedLayer(expected, wanted, session))
  if (found) {
    saveDigests(plan, digests, stats)
    return { layer: found, key: expected, cached: true }
  }

  options.onMiss?.(noCache ? NO_CACHE : missOf(plan, { digests, previous }, session))
  const entries = (await plan.withContents?.(plan.entries)) ?? plan.entries
  const written = await writeLayer(entries, store, {
    digests,
    compression: wanted === 'any' ? { algorithm: 'uncompressed' } : wanted,
    reuse: noCache ? undefined : previousBlob(previous, wanted, session),
    signal: session.signal,
    ...(onBytes && { onProgress: onBytes }),
  })
  const { diffID, descriptor } = written
  if (wanted !== 'any' && wanted.algorithm === 'gzip') store.layers.add(diffID, { ...wanted, descriptor })
  const key = expected ?? layerKey(plan, written.digests, session)
  if (!key) throw new Error('bug: a written layer has files without digests')
  const created = new Date((session.epoch ?? session.now) * 1000).toISOString()
  const parts = [{ label: 'operation', value: plan.definition }]
  saveDigests(plan, written.digests, stats)
  store.records.save({ key: definition, version: KEY_VERSION, step: plan.step, created, parts, result: { diffID } })
  // Another step, or this one without the cache, may have made the same content: its layer may already be part of
  // images, and later steps are recorded for it, so it is the better one.
  const existing = await findCachedLayer(key, wanted, session)
  if (existing) return { layer: existing, key, cached: false }
  store.records.save({ key, version: KEY_VERSION, step: plan.step, created, parts, result: { diffID } })
  return { layer: { layer: { diffID, descriptor }, created }, key, cached: false }
}

/** The reason why the layer of a plan is not in the cache. */
function missOf(
  { entries }: LayerPlan,
  { digests, previous }: { readonly digests: DigestColumn; readonly previous: BuildRecord | undefined },
  { store, caches }: Session,
): Miss {
  if (!previous) return neverBuilt(caches?.isImporting === true)
  const diffID = recordedDiffID(previous.result)
  const bytes = diffID && store.readDerived(INDEX_KIND, diffID)
  const index = bytes && decodeLayerIndex(bytes)
  if (!index) return { reason: 'its files changed', details: [] }
  return explainFiles(entries, digests, index) ?? { reason: 'the store lost its layer', details: [] }
}

function layerKey(plan: LayerPlan, digests: DigestColumn, session: Session): CacheKey | undefined {
  const content = contentKey(plan.entries, digests)
  if (content === undefined) return undefined
  return cacheKey('layer', [
    { label: 'content', value: content },
    { label: 'timestamps', value: session.epoch === undefined ? 'source' : String(session.epoch) },
  ])
}

/** Saves the digests of files on disk by their status, for the next build. */
function saveDigests({ entries }: LayerPlan, digests: DigestColumn, stats: StatCache | undefined): void {
  stats?.save(hashedFiles(entries, digests))
}

function* hashedFiles(entries: readonly SourceEntry[], digests: DigestColumn): Iterable<HashedFile> {
  for (let at = 0; at < entries.length; at++) {
    const { content, stat, size } = entries[at] as SourceEntry
    if (!stat || content?.kind !== 'file') continue
    const sha256 = digests.bytes(at)
    if (sha256) yield { path: content.path, size, stat, sha256 }
  }
}
