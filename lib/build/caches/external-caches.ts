// The caches of one build: what was imported before it, and what its steps are exported to.

import type { BuildRecord } from '../../cache/records.ts'
import type { Store } from '../../cache/store.ts'
import { fetchLayers } from '../../executor/fetch-layers.ts'
import { indexOf } from '../../executor/filesystem.ts'
import type { ExternalCaches, Session } from '../../executor/session.ts'
import { type ImportedCaches, importCaches } from '../../external-cache/import-caches.ts'
import { recordedLayer } from '../../external-cache/index-format.ts'
import { inlineRecords } from '../../external-cache/inline-cache.ts'
import { INDEX_KIND } from '../../layers/index/layer-index.ts'
import type { DiffID, Layer } from '../../oci/types.ts'
import type { BuildOptions } from '../build-options.ts'
import { importStep } from './cache-steps.ts'
import type { CacheResources } from './open-caches.ts'

/** The caches of a build. */
export interface BuildCaches {
  readonly imported: ImportedCaches
  /** The records that a cache gets: of the steps, and all that were imported for the same layers. */
  readonly used: () => readonly BuildRecord[]
  /** The part that the executor needs; undefined if there is nothing to import and nothing to export. */
  readonly session: ExternalCaches | undefined
}

/** Reads the caches that a build imports. They are reported later, when the progress has begun. */
export async function openBuildCaches(options: BuildOptions, resources: CacheResources): Promise<BuildCaches> {
  const { cacheFrom = [] } = options
  if (cacheFrom.length === 0) return buildCaches(options, await importCaches([], resources.signal))
  const { openCache } = await import('./open-caches.ts')
  const backends = await Promise.all(cacheFrom.map((source) => openCache(source, resources)))
  return buildCaches(options, await importCaches(backends, resources.signal))
}

/** The caches of a build that imports what is given. */
export function buildCaches({ cacheTo = [] }: BuildOptions, imported: ImportedCaches): BuildCaches {
  const records = new Map<string, BuildRecord>()
  const used = (): readonly BuildRecord[] => {
    const layers = new Set([...records.values()].map(recordedLayer))
    const others = [...imported.records.values()].filter((record) => layers.has(recordedLayer(record)))
    return [...new Map([...others, ...records.values()].map((record) => [record.key, record])).values()]
  }
  const isImporting = imported.reports.some(({ index }) => index !== undefined && index.records.length > 0)
  const isExporting = cacheTo.length > 0
  const hasInline = cacheTo.some(({ type }) => type === 'inline')
  const session: ExternalCaches = {
    isImporting,
    isExporting,
    note: (record) => void records.set(record.key, record),
    inline: hasInline
      ? (diffIDs, compression) =>
          inlineRecords(used(), {
            diffIDs,
            level: compression.algorithm === 'gzip' ? compression.level : undefined,
          })
      : undefined,
  }
  return { imported, used, session: isImporting || isExporting ? session : undefined }
}

/** Reports what was imported, as steps of the progress. */
export function reportImports(
  { imported }: BuildCaches,
  { clock, emit, warn }: Pick<Session, 'clock' | 'emit' | 'warn'>,
): void {
  for (const [at, { name, index, failure }] of imported.reports.entries()) {
    const step = importStep(at)
    emit({ type: 'started', time: clock.now(), step })
    const held = index ? `${index.records.length} records of ${index.layers.length} layers` : 'there is none yet'
    if (!failure) emit({ type: 'log', time: clock.now(), step, stream: 'stdout', text: `${held}\n` })
    emit({ type: 'completed', time: clock.now(), step, cached: false })
    if (!failure) continue
    const hint = 'the build goes on without it'
    warn({ code: 'CACHE_FAILED', message: failure.message, hint, step: name })
  }
}

/**
 * Brings the layers of a result into the store, for outputs that hold them. Those of a cache are read once, to verify
 * that they are what the cache says. Errors as the origins do, and with `LAYER_INVALID`.
 */
export async function fetchResult(
  layers: readonly Layer[],
  { imported }: BuildCaches,
  session: Session,
): Promise<void> {
  await fetchLayers(layers, session)
  for (const layer of layers) if (imported.encodings(layer.diffID).length > 0) await indexOf(layer, session)
}

/**
 * Keeps what was imported and used, for builds that import nothing: of the layers that came, those whose files have
 * been verified.
 */
export function keepImported({ imported, used }: BuildCaches, store: Store): void {
  for (const record of used()) {
    const diffID = imported.records.has(record.key) ? recordedLayer(record) : undefined
    if (diffID === undefined || !isVerified(diffID, store)) continue
    for (const encoding of imported.encodings(diffID)) {
      if (store.holds(encoding.descriptor)) store.layers.add(diffID, encoding)
    }
    if (!store.records.find(record.key)) store.records.save(record)
  }
}

function isVerified(diffID: DiffID, store: Store): boolean {
  return store.has(diffID) || store.readDerived(INDEX_KIND, diffID) !== undefined
}
