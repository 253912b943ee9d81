// A cache inside of an image: the records are in the image's config, and the layers are those of the image.
import { KEY_VERSION } from '../cache/cache-key.ts'
import type { LayerEncoding } from '../cache/layer-encodings.ts'
import type { BuildRecord } from '../cache/records.ts'
import { arrayAt, at, integerAt, type JsonLocation, objectAt, optional } from '../oci/guard.ts'
import { type JsonValue, parseJson } from '../oci/json.ts'
import { compressionOf } from '../oci/media-types.ts'
import { parseConfig } from '../oci/parse-config.ts'
import type { DiffID, ImageManifest } from '../oci/types.ts'
import { EMPTY_INDEX, fingerprints, parseRecord, recordedLayer, recordJson } from './index-format.ts'
import type { CacheIndex } from './types.ts'

/** The field of an image config that holds its cache. */
export const INLINE_FIELD = 'tsbuild.cache.v1'

/** The records whose layers an image has, as its config holds them. `level` is that of the layers' compression. */
export function inlineRecords(
  records: readonly BuildRecord[],
  { diffIDs, level }: { readonly diffIDs: readonly DiffID[]; readonly level: number | undefined },
): JsonValue {
  const own = new Set<DiffID | undefined>(diffIDs)
  return {
    keyVersion: KEY_VERSION,
    level,
    records: records
      .filter((record) => own.has(recordedLayer(record)))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      // An image says when it was made itself, and the same steps give the same image.
      .map((record) => recordJson({ ...record, parts: fingerprints(record.parts), used: record.created })),
  }
}

/**
 * The cache in an image config; empty if there is none, or one of another version. Errors with `CACHE_INVALID` for a
 * damaged one, and as parsing a config does.
 */
export function readInline(config: Uint8Array, manifest: ImageManifest, what: string): CacheIndex {
  const location: JsonLocation = { code: 'CACHE_INVALID', what, path: '' }
  const field = objectAt(parseJson(config, location.code, what), location)[INLINE_FIELD]
  if (field === undefined) return EMPTY_INDEX
  const inline = objectAt(field, at(location, INLINE_FIELD))
  if (inline['keyVersion'] !== KEY_VERSION) return EMPTY_INDEX
  const { rootfs } = parseConfig(config, what)
  const level = optional(inline, 'level', at(location, INLINE_FIELD), integerAt)
  const layers = rootfs.diff_ids.flatMap((diffID, index) => {
    const descriptor = manifest.layers[index]
    const algorithm = descriptor && compressionOf(descriptor.mediaType)
    if (!descriptor || !algorithm) return []
    const encoding: LayerEncoding = { algorithm, descriptor, ...level }
    return [{ diffID, encoding }]
  })
  const records = arrayAt(inline['records'], at(location, 'records'), parseRecord)
  const named = new Set(records.map(recordedLayer))
  const held = new Set<DiffID | undefined>(rootfs.diff_ids)
  return {
    builds: [],
    records: records.filter((record) => held.has(recordedLayer(record))),
    layers: layers.filter(({ diffID }) => named.has(diffID)),
  }
}
