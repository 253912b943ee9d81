// Cache hits: the layer that an earlier step recorded under the same key.
import type { BuildRecord } from '../cache/records.ts'
import type { WantedEncoding } from '../layers/layer-sink.ts'
import { isDigest } from '../oci/digest.ts'
import type { CacheKey, DiffID, Digest } from '../oci/types.ts'
import { layerInEncoding } from './layer-in-encoding.ts'
import type { Session, StackedLayer } from './session.ts'

/**
 * The layer that is recorded under a key, in the wanted encoding. Undefined if there is no record, or if the store
 * lost the layer.
 */
export async function findCachedLayer(
  key: CacheKey,
  wanted: WantedEncoding,
  session: Session,
): Promise<StackedLayer | undefined> {
  const record = session.store.records.find(key)
  return record && (await recordedLayer(record, wanted, session))
}

/** The layer of a record, in the wanted encoding. Undefined if the store lost the layer. */
export async function recordedLayer(
  record: BuildRecord,
  wanted: WantedEncoding,
  session: Session,
): Promise<StackedLayer | undefined> {
  const diffID = recordedDiffID(record.result)
  const layer = diffID && (await layerInEncoding(diffID, wanted, session))
  return layer && { layer, created: record.created }
}

/** The compressed layer that the same step made last. A new layer of the step can reuse most of its chunks. */
export function previousBlob(
  previous: BuildRecord | undefined,
  wanted: WantedEncoding,
  { store }: Session,
): Digest | undefined {
  const diffID = previous && recordedDiffID(previous.result)
  if (diffID === undefined || wanted === 'any' || wanted.algorithm !== 'gzip') return undefined
  return store.layers.encodings(diffID).find(({ algorithm, level }) => algorithm === 'gzip' && level === wanted.level)
    ?.descriptor.digest
}

/** The diffID in the result of a record. */
export function recordedDiffID(result: unknown): DiffID | undefined {
  if (typeof result !== 'object' || result === null || !('diffID' in result)) return undefined
  return isDigest(result.diffID) ? (result.diffID as DiffID) : undefined
}
