// Executes a RUN step: its layer comes from the cache, or a worker runs the command.
import { KEY_VERSION } from '../../cache/cache-key.ts'
import type { BuildRecord } from '../../cache/records.ts'
import type { WantedEncoding } from '../../layers/layer-sink.ts'
import type { CacheKey, Layer } from '../../oci/types.ts'
import { contentKey } from '../content-key.ts'
import { indexOf, stack } from '../filesystem.ts'
import { findCachedLayer, previousBlob } from '../find-cached-layer.ts'
import { downloadProgress, emitMiss } from '../observe-step.ts'
import type { Session, StackedLayer, StepResult } from '../session.ts'
import { explainParts } from '../why/explain-parts.ts'
import { type Miss, NO_CACHE, neverBuilt } from '../why/miss.ts'
import { findCachedRun, hasKnownOwners, runResult } from './cached-run.ts'
import { requireEmulator } from './emulator-in-root.ts'
import { fetchRunLayers } from './fetch-run-layers.ts'
import { planMounts } from './mounts/plan-mounts.ts'
import { commandKey, type KeyWithParts, runKey } from './run-cache-key.ts'
import { runInWorker } from './run-in-worker.ts'
import { type RunStep, runRequest } from './run-request.ts'
import { admitUnknownOwners } from './unknown-owners.ts'

/**
 * Errors with `RUN_FAILED` when the command fails, with `UNSUPPORTED`, and as {@link planMounts} and
 * {@link admitUnknownOwners} do.
 */
export async function executeRun(step: RunStep, wanted: WantedEncoding, session: Session): Promise<StepResult> {
  const { id, op, filesystem, sources } = step
  const { store, noCache } = session
  const planned = await planMounts(op, sources, session)
  const { key, parts } = runKey(op, { filesystem, mounts: planned.mounts }, session)
  const cached = noCache ? undefined : await findCachedRun({ id, key }, wanted, session)
  if (cached) return { kind: 'filesystem', filesystem: stack(filesystem, cached), cached: true }

  const command = commandKey(op)
  // The new layer probably resembles the layer that the same command made last.
  const previous = store.records.find(command.key)
  emitMiss(id, noCache ? NO_CACHE : missOf({ key, parts }, previous, step, session), session)
  const { recordsOwners } = (await session.worker()).state
  if (!recordsOwners) admitUnknownOwners(id, session)
  const reuse = previousBlob(previous, wanted, session)
  const request = { ...runRequest(step, { planned, wanted }, session), reuse }
  await fetchRunLayers(request, session, downloadProgress(id, session))
  await requireEmulator(id, filesystem, session)
  const { diffID, descriptor, complete } = await runInWorker(request, session)
  // The worker's lease ends with the worker, and this process relies on the layer from here on.
  store.holds(descriptor)
  const same = complete ? await sameLayer({ diffID, descriptor }, key, wanted, session) : undefined
  const now = new Date((session.epoch ?? Math.floor(session.clock.now() / 1000)) * 1000).toISOString()
  const { layer, created = now } = same ?? { layer: { diffID, descriptor } }
  const result = runResult(layer.diffID, { recordsOwners })
  const record = { version: KEY_VERSION, step: 'RUN', created, result }
  // A layer that lacks file capabilities is no cache hit.
  if (complete) session.caches?.note({ ...record, key, parts })
  if (same) {
    // The same owners may not have been known before.
    if (recordsOwners) store.records.save({ ...record, key, parts })
    return { kind: 'filesystem', filesystem: stack(filesystem, same), cached: false }
  }
  if (wanted !== 'any' && wanted.algorithm === 'gzip') store.layers.add(diffID, { ...wanted, descriptor })
  store.records.save({ ...record, key: command.key, parts })
  if (complete) store.records.save({ ...record, key, parts })
  return {
    kind: 'filesystem',
    filesystem: stack(filesystem, { layer, created }),
    cached: false,
  }
}

const UNKNOWN_OWNERS: Miss = { reason: 'it ran where owners of files could not be recorded', details: [] }

function missOf(
  { key, parts }: KeyWithParts,
  previous: BuildRecord | undefined,
  { below }: RunStep,
  { caches, store }: Session,
): Miss {
  const record = store.records.find(key)
  if (record && !hasKnownOwners(record.result)) return UNKNOWN_OWNERS
  if (!previous) return neverBuilt(caches?.isImporting === true)
  return explainParts(parts, previous.parts, below) ?? { reason: 'the store lost its layer', details: [] }
}

/**
 * The recorded layer of a step that ran although there was one, as without the cache or in two builds at once:
 * undefined unless both layers have the same content. They differ in times only, and the later steps of every build
 * are recorded for the first.
 */
async function sameLayer(
  made: Layer,
  key: CacheKey,
  wanted: WantedEncoding,
  session: Session,
): Promise<StackedLayer | undefined> {
  const recorded = await findCachedLayer(key, wanted, session)
  if (!recorded || recorded.layer.diffID === made.diffID) return recorded
  const keys = await Promise.all(
    [made, recorded.layer].map(async (layer) => contentKey((await indexOf(layer, session)).entries)),
  )
  return keys[0] !== undefined && keys[0] === keys[1] ? recorded : undefined
}
