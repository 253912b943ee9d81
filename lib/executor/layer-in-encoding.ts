// One layer, identified by its diffID, can be stored in several encodings: the plain tar, and compressed blobs by
// algorithm and level.
import { compressLayer } from '../layers/compress-layer.ts'
import { indexLayer } from '../layers/index/index-layer.ts'
import { ensurePlainLayer } from '../layers/index/plain-layer.ts'
import type { WantedEncoding } from '../layers/layer-sink.ts'
import { OCI_LAYER } from '../oci/media-types.ts'
import type { DiffID, Layer } from '../oci/types.ts'
import type { Session } from './session.ts'

/**
 * A stored layer in the wanted encoding, made from another encoding if need be. Undefined when the store no longer
 * has the layer at all, as after pruning: then the step has to run again.
 */
export async function layerInEncoding(
  diffID: DiffID,
  wanted: WantedEncoding,
  session: Session,
): Promise<Layer | undefined> {
  const { store, signal } = session
  const compressed = store.layers.encodings(diffID)
  const exact = compressed.find(
    ({ algorithm, level }) =>
      wanted === 'any' || (wanted.algorithm === algorithm && 'level' in wanted && wanted.level === level),
  )
  const plain = plainLayer(diffID, session)
  if (wanted !== 'any' && wanted.algorithm === 'gzip') {
    if (exact) return { diffID, descriptor: exact.descriptor }
    const source = plain ?? (compressed[0] && { diffID, descriptor: compressed[0].descriptor })
    if (!source) return undefined
    await ensurePlainLayer(store, source, signal)
    const index = await indexLayer(store, source, { signal })
    const descriptor = await compressLayer(store, { diffID, size: store.size(diffID) }, index, {
      level: wanted.level,
      signal,
    })
    store.layers.add(diffID, { algorithm: 'gzip', level: wanted.level, descriptor })
    return { diffID, descriptor }
  }
  if (plain) return plain
  const other = compressed[0]
  if (!other) return undefined
  const layer = { diffID, descriptor: other.descriptor }
  if (wanted === 'any') return layer
  await ensurePlainLayer(store, layer, signal)
  return plainLayer(diffID, session)
}

function plainLayer(diffID: DiffID, { store }: Session): Layer | undefined {
  if (!store.has(diffID)) return undefined
  return { diffID, descriptor: { mediaType: OCI_LAYER, digest: diffID, size: store.size(diffID) } }
}
