// Exports the steps of a build to caches, after its outputs: layers that were pushed are mounted then.
import { formatSize } from '../../base/format-size.ts'
import type { LayerEncoding } from '../../cache/layer-encodings.ts'
import { layerInEncoding } from '../../executor/layer-in-encoding.ts'
import { observeStep } from '../../executor/observe-step.ts'
import type { Session } from '../../executor/session.ts'
import { exportCache } from '../../external-cache/export-cache.ts'
import { cacheFailed, recordedLayer } from '../../external-cache/index-format.ts'
import { DEFAULT_KEEP } from '../../external-cache/merge-indexes.ts'
import type { LayerCompression } from '../../layers/layer-sink.ts'
import type { DiffID } from '../../oci/types.ts'
import type { LazyClient } from '../../registry/lazy-client.ts'
import { layerCompression } from '../outputs/output-compression.ts'
import { cacheStep, type ExportedTarget } from './cache-steps.ts'
import type { BuildCaches } from './external-caches.ts'
import { openCache } from './open-caches.ts'

/** A build whose steps are exported. */
export interface ExportCachesOptions {
  readonly caches: BuildCaches
  readonly session: Session
  readonly client: LazyClient
  /** The layers of the result: what `mode=min` exports. */
  readonly resultLayers: ReadonlySet<DiffID>
}

/**
 * Exports to each cache, one after the other. A cache that can't be written is a warning, unless its `ignoreError` is
 * false: then errors with `CACHE_FAILED`.
 */
export async function exportCaches(
  targets: readonly ExportedTarget[],
  { caches, session, client, resultLayers }: ExportCachesOptions,
): Promise<void> {
  const { store, signal, clock, emit, warn } = session
  const time = new Date(clock.now()).toISOString()
  const all = caches.used()
  for (const [at, target] of targets.entries()) {
    const step = cacheStep(at)
    const backend = await openCache(target, { store, client, signal })
    const records =
      target.mode === 'max' ? all : all.filter((record) => resultLayers.has(recordedLayer(record) as DiffID))
    const compression = target.compression ? layerCompression(target.compression) : session.compression
    await observeStep(step, session, async () => {
      try {
        const { sent, unchanged } = await exportCache(backend, {
          records,
          time,
          limits: { keep: target.keep ?? DEFAULT_KEEP, maxSize: target.maxSize },
          forgets: target.type === 'local' && target.reset === true,
          encode: (diffID) => encode(diffID, compression, session),
          reader: store,
          signal,
        })
        const text = unchanged ? 'the cache has it all\n' : `${records.length} records, ${formatSize(sent)} sent\n`
        emit({ type: 'log', time: clock.now(), step, stream: 'stdout', text })
      } catch (error) {
        signal.throwIfAborted()
        const failure = cacheFailed(`can't export to the cache ${JSON.stringify(backend.name)}`, error)
        if (target.ignoreError === false) throw failure
        const hint = 'the build goes on; ignore-error=false makes this an error'
        warn({ code: 'CACHE_FAILED', message: failure.message, hint, step })
      }
    })
  }
}

/** A layer as a cache is to hold it: as it is, if it is compressed as asked. */
async function encode(diffID: DiffID, wanted: LayerCompression, session: Session): Promise<LayerEncoding | undefined> {
  const known = session.store.layers.encodings(diffID).filter(({ algorithm }) => algorithm === wanted.algorithm)
  const level = wanted.algorithm === 'gzip' ? wanted.level : undefined
  const found = known.find((encoding) => encoding.level === level) ?? known[0]
  if (found) return found
  const layer = await layerInEncoding(diffID, wanted, session)
  return layer && { algorithm: wanted.algorithm, ...(level !== undefined && { level }), descriptor: layer.descriptor }
}
