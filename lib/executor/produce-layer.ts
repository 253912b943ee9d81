// From the entries that a step makes to a layer: found by its key, or written.

import { cacheKey, KEY_VERSION } from '../cache/cache-key.ts'
import type { BuildRecord } from '../cache/records.ts'
import { type HashedFile, openStatCache, type StatCache } from '../context/stat-cache.ts'
import type { SourceEntry } from '../layers/entry.ts'
import { hashContent } from '../layers/hash-content.ts'
import { DigestColumn } from '../layers/index/digest-column.ts'
import { writeLayer } from '../layers/write-layer.ts'
import { isDigest } from '../oci/digest.ts'
import type { CacheKey, DiffID, Digest } from '../oci/types.ts'
import { contentKey } from './content-key.ts'
import { layerInEncoding } from './layer-encodings.ts'
import type { Session, StackedLayer } from './session.ts'
import type { WantedEncoding } from './wanted-encoding.ts'

export interface LayerPlan {
  /** `COPY`, `ADD`, `WORKDIR`, … */
  readonly step: string
  /** What the step does, whatever its content: tells whether it was ever carried out before. */
  readonly definition: string
  readonly entries: readonly SourceEntry[]
  /** The directory that entries with a status come from. */
  readonly root: string | undefined
  /** Makes the contents of entries readable: asked for only if the layer has to be written. */
  readonly withContents?: (entries: readonly SourceEntry[]) => Promise<readonly SourceEntry[]>
}

export interface ProducedLayer {
  readonly layer: StackedLayer
  /** What {@link findLayer} finds it by. */
  readonly key: CacheKey
  readonly cached: boolean
}

/**
 * The layer that holds these entries. Of steps that do the same at the same time, as those of several platforms do, the first does the
 * work, and the others find it done. The key is made of content, not of times (DESIGN: content key), and of the policy for times.
 * A step that was never carried out is written at once, its files hashed on the way; otherwise files whose status changed are
 * read first, to see whether there is anything to write at all.
 */
export async function produceLayer(
  plan: LayerPlan,
  form: WantedEncoding,
  session: Session,
  onBytes?: (n: number) => void,
): Promise<ProducedLayer> {
  const definition = cacheKey(`${plan.step} definition`, [{ label: 'operation', value: plan.definition }])
  const before = session.producing.get(definition)
  const own = (before ?? Promise.resolve()).then(() =>
    produce(plan, definition, before !== undefined, form, session, onBytes),
  )
  // Who fails says so to its own step.
  const ended = own.then(nothing, nothing)
  session.producing.set(definition, ended)
  return own
}

const nothing = (): void => {}

async function produce(
  plan: LayerPlan,
  definition: CacheKey,
  wasDone: boolean,
  form: WantedEncoding,
  session: Session,
  onBytes: ((n: number) => void) | undefined,
): Promise<ProducedLayer> {
  session.signal.throwIfAborted()
  const { store } = session
  const noCache = session.noCache && !wasDone
  const stats =
    plan.root === undefined ? undefined : openStatCache(store, `${plan.root}\0${plan.step} ${plan.definition}`)
  const digests = new DigestColumn()
  // Without the cache everything is read, whatever is known of it.
  plan.entries.forEach((entry, at) => {
    const digest = knownDigest(entry, noCache ? undefined : stats)
    if (digest !== undefined) digests.set(at, digest)
  })
  const former = store.records.find(definition)
  if (!noCache && former) {
    plan.entries.forEach((entry, at) => {
      if (digests.has(at) || entry.type !== 'file') return
      digests.set(at, hashContent(entry))
      session.signal.throwIfAborted()
    })
  }
  const expected = noCache ? undefined : layerKey(plan, digests, session)
  const found = expected && (await findLayer(expected, form, session))
  if (found) {
    remember(plan, digests, stats)
    return { layer: found, key: expected, cached: true }
  }

  const entries = (await plan.withContents?.(plan.entries)) ?? plan.entries
  const written = await writeLayer(entries, store, {
    digests,
    compression: form === 'any' ? { algorithm: 'uncompressed' } : form,
    reuse: noCache ? undefined : former && previousBlob(former, form, session),
    signal: session.signal,
    ...(onBytes && { onProgress: onBytes }),
  })
  const { diffID, descriptor } = written
  if (form !== 'any' && form.algorithm === 'gzip') store.layers.add(diffID, { ...form, descriptor })
  const key = expected ?? layerKey(plan, written.digests, session)
  if (!key) throw new Error('bug: a written layer has files without digests')
  const created = new Date((session.epoch ?? session.now) * 1000).toISOString()
  const parts = [{ label: 'operation', value: plan.definition }]
  remember(plan, written.digests, stats)
  store.records.save({ key: definition, version: KEY_VERSION, step: plan.step, created, parts, result: { diffID } })
  // The same content may be known from elsewhere: then the layer that images already have is the better one.
  const existing = noCache ? undefined : await findLayer(key, form, session)
  if (existing) return { layer: existing, key, cached: false }
  store.records.save({ key, version: KEY_VERSION, step: plan.step, created, parts, result: { diffID } })
  return { layer: { layer: { diffID, descriptor }, created }, key, cached: false }
}

/** The compressed layer that the same step made last: most of its chunks will come again. */
export function previousBlob(former: BuildRecord, form: WantedEncoding, { store }: Session): Digest | undefined {
  const diffID = recordedDiffID(former.result)
  if (diffID === undefined || form === 'any' || form.algorithm !== 'gzip') return undefined
  return store.layers.encodings(diffID).find(({ algorithm, level }) => algorithm === 'gzip' && level === form.level)
    ?.descriptor.digest
}

function layerKey(plan: LayerPlan, digests: DigestColumn, session: Session): CacheKey | undefined {
  const content = contentKey(plan.entries, digests)
  if (content === undefined) return undefined
  return cacheKey('layer', [
    { label: 'content', value: content },
    { label: 'timestamps', value: session.epoch === undefined ? 'source' : String(session.epoch) },
  ])
}

/** The layer that was made for this key, in the wanted form, as far as the store still has it. */
export async function findLayer(
  key: CacheKey,
  form: WantedEncoding,
  session: Session,
): Promise<StackedLayer | undefined> {
  const record = session.store.records.find(key)
  if (!record) return undefined
  const diffID = recordedDiffID(record.result)
  const layer = diffID && (await layerInEncoding(diffID, form, session))
  return layer && { layer, created: record.created }
}

function recordedDiffID(result: unknown): DiffID | undefined {
  if (typeof result !== 'object' || result === null || !('diffID' in result)) return undefined
  return isDigest(result.diffID) ? (result.diffID as DiffID) : undefined
}

function knownDigest(entry: SourceEntry, stats: StatCache | undefined): string | Uint8Array | undefined {
  const { sha256 } = entry
  if (sha256 !== undefined || entry.type !== 'file') return sha256
  // Asked for once: an entry may make them anew each time.
  const { content } = entry
  if (content?.kind === 'bytes') return hashContent(entry)
  const { stat } = entry
  return stats && stat && content?.kind === 'file' ? stats.lookup(content.path, entry.size, stat) : undefined
}

/** Notes the digests of files on disk, for the next time. */
function remember({ entries }: LayerPlan, digests: DigestColumn, stats: StatCache | undefined): void {
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
