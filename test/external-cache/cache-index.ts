// Indexes of caches, by the names of their steps.
import type { CacheIndex } from '../../lib/external-cache/types.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { OCI_LAYER_GZIP } from '../../lib/oci/media-types.ts'
import type { CacheKey, DiffID } from '../../lib/oci/types.ts'

/** The time of the build with a number. */
export const time = (build: number): string => new Date(1_700_000_000_000 + build * 1000).toISOString()

/** An index with a record and a layer of `size` bytes for each step, which the build with the number used last. */
export function cacheIndex(steps: Readonly<Record<string, number>>, size = 10): CacheIndex {
  const entries = Object.entries(steps)
  const diffID = (step: string): DiffID => sha256(`layer of ${step}`) as DiffID
  return {
    builds: [...new Set(entries.map(([, build]) => time(build)))].sort().reverse(),
    records: entries.map(([step, build]) => ({
      key: sha256(step) as CacheKey,
      step,
      created: time(0),
      used: time(build),
      parts: [{ label: 'operation', value: '#0123456789abcdef' }],
      result: { diffID: diffID(step), owners: 'known' },
    })),
    layers: entries.map(([step]) => ({
      diffID: diffID(step),
      encoding: {
        algorithm: 'gzip',
        level: 5,
        descriptor: { mediaType: OCI_LAYER_GZIP, digest: sha256(`blob of ${step}`), size },
      },
    })),
  }
}
