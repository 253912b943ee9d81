import type { ContentStore } from '../oci/content.ts'
import type { Descriptor, DiffID, Digest } from '../oci/types.ts'
import { ContentFiles } from './content-files.ts'
import type { LayerIndex, SourceEntry } from './entry.ts'
import { BufferPool } from './gzip/buffer-pool.ts'
import { CHUNK_BUFFER } from './gzip/chunk-cutter.ts'
import { openPackedChunks } from './gzip/packed-chunks.ts'
import { tarChunks } from './gzip/tar-chunks.ts'
import type { DigestColumn } from './index/digest-column.ts'
import { indexLayer } from './index/index-layer.ts'
import { INDEX_KIND } from './index/layer-index.ts'
import { type LayerCompression, openLayerSink } from './layer-sink.ts'

export interface WriteLayerOptions {
  readonly compression: LayerCompression
  /**
   * A compressed blob of the store. Chunks that the layer shares with it are copied: they are not compressed
   * again, and their files are not read if their digests are known. Changes the speed and nothing else.
   */
  readonly reuse?: Digest | undefined
  /** Digests of contents that are known although the entries have none, by the index of the entry. */
  readonly digests?: DigestColumn | undefined
  readonly signal?: AbortSignal | undefined
  /** Called now and then with the bytes of plain tar written so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined
}

export interface WrittenLayer {
  readonly diffID: DiffID
  /** Bytes of the plain tar. */
  readonly size: number
  /** Reads the index from the store. */
  readonly index: () => Promise<LayerIndex>
  /** The digests of the contents of all files, by the index of the entry. */
  readonly digests: DigestColumn
  /** The compressed blob, or the plain tar. */
  readonly descriptor: Descriptor
}

/**
 * Writes entries, in the order given, as a layer: reads, hashes, packs and compresses them in one pass.
 * Deterministic: the same entries and options give the same bytes, also compressed. Memory is bounded, apart
 * from the index. The blobs and the index become visible in the store at the end, or not at all. Errors with
 * `CONTEXT_CHANGED` if a file is not what its entry says, with `CONTEXT_INVALID` if it can't be read.
 */
export async function writeLayer(
  entries: Iterable<SourceEntry>,
  store: ContentStore,
  options: WriteLayerOptions,
): Promise<WrittenLayer> {
  const { compression, reuse, digests, signal, onProgress } = options
  const pool = new BufferPool(CHUNK_BUFFER)
  const files = new ContentFiles()
  const known =
    compression.algorithm === 'gzip' && reuse ? openPackedChunks(store, reuse, compression.level) : undefined
  const sink = openLayerSink(store, pool, compression, known)
  try {
    const chunks = tarChunks(entries, files, pool, { known, digests })
    for (let written = 0; ; ) {
      signal?.throwIfAborted()
      const step = chunks.next()
      if (step.done) {
        const { index, size } = step.value
        const layer = await sink.commit()
        store.writeDerived(INDEX_KIND, layer.diffID, index.encode(size))
        return { ...layer, size, digests: index.digests, index: () => indexLayer(store, layer, { signal }) }
      }
      written += step.value.length
      await sink.write(step.value)
      onProgress?.(written)
    }
  } catch (error) {
    sink.abort()
    throw error
  } finally {
    files.close()
    known?.close()
  }
}
