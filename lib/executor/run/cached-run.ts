// Cache hits of RUN steps: a layer that was made where owners are not recorded is none where they are.

import type { WantedEncoding } from '../../layers/layer-sink.ts'
import type { JsonValue } from '../../oci/json.ts'
import type { CacheKey, DiffID } from '../../oci/types.ts'
import { recordedLayer } from '../find-cached-layer.ts'
import type { Session, StackedLayer } from '../session.ts'
import { admitUnknownOwners } from './unknown-owners.ts'

/** The result of a RUN step in a record of the cache. */
export function runResult(diffID: DiffID, { recordsOwners }: { readonly recordsOwners: boolean }): JsonValue {
  return { diffID, owners: recordsOwners ? 'known' : 'unknown' }
}

/**
 * The layer that a step with this key made before. Undefined if there is none, or if its owners are not known and
 * would be now: then the step has to run again. Warns of a layer whose owners are not known. Errors as
 * {@link admitUnknownOwners}, and as a worker that can't be started.
 */
export async function findCachedRun(
  { id, key }: { readonly id: string; readonly key: CacheKey },
  wanted: WantedEncoding,
  session: Session,
): Promise<StackedLayer | undefined> {
  const record = session.store.records.find(key)
  if (!record) return undefined
  const known = hasKnownOwners(record.result)
  if (!known && (await session.worker()).state.recordsOwners) return undefined
  const layer = await recordedLayer(record, wanted, session)
  if (layer && !known) admitUnknownOwners(id, session)
  if (layer) session.caches?.note(record)
  return layer
}

/** Records of earlier versions say nothing of owners, and were also made where these got lost. */
export function hasKnownOwners(result: JsonValue): boolean {
  return typeof result === 'object' && result !== null && 'owners' in result && result['owners'] === 'known'
}
