import { createHash } from 'node:crypto'
import type { ContentStore } from '../oci/content.ts'
import { digestMismatch } from '../oci/digest.ts'
import { layerMediaType } from '../oci/media-types.ts'
import type { Descriptor, DiffID } from '../oci/types.ts'
import type { BufferPool } from './gzip/buffer-pool.ts'
import { GZIP_HEADER, GzipWriter } from './gzip/gzip-writer.ts'
import type { TarChunk } from './gzip/open-chunk.ts'
import { type PackedChunks, savePackedChunks } from './gzip/packed-chunks.ts'

/** The compression of a layer's blob. `level` is 0, for no compression, to 9. */
export type LayerCompression =
  | { readonly algorithm: 'gzip'; readonly level: number }
  | { readonly algorithm: 'uncompressed' }

/** The encoding that a step's layer needs: that of an output which takes the layer unchanged, else any that exists. */
export type WantedEncoding = LayerCompression | 'any'

/** Hashes, compresses and stores the chunks of a layer's tar. */
export interface LayerSink {
  /** Resolves when there is room for another chunk. The chunk's buffer goes back to the pool. */
  write(chunk: TarChunk): Promise<void>
  /** Errors with `DIGEST_MISMATCH`, committing nothing, if the tar is not the expected one. */
  commit(expected?: DiffID): Promise<{ readonly diffID: DiffID; readonly descriptor: Descriptor }>
  /** Leaves nothing behind in the store. Safe after a failed commit. */
  abort(): void
}

/** Chunks that are in `known` are copied compressed. */
export function openLayerSink(
  store: ContentStore,
  pool: BufferPool,
  compression: LayerCompression,
  known?: PackedChunks,
): LayerSink {
  if (compression.algorithm === 'uncompressed') return openPlainSink(store, pool)
  const packed = store.createWriter()
  const plain = createHash('sha256')
  const { level } = compression
  const gzip = new GzipWriter(packed, level, pool, known)
  return {
    async write(chunk) {
      plain.update(chunk.buffer.subarray(0, chunk.length))
      await gzip.write(chunk)
    },
    async commit(expected) {
      await gzip.finish()
      const diffID = `sha256:${plain.digest('hex')}` as DiffID
      if (expected !== undefined && diffID !== expected) throw digestMismatch(expected, diffID)
      const descriptor = { mediaType: layerMediaType('gzip'), ...packed.commit() }
      savePackedChunks(store, { blob: descriptor.digest, level, start: GZIP_HEADER.length, chunks: gzip.packed })
      return { diffID, descriptor }
    },
    abort() {
      gzip.abort()
      packed.abort()
    },
  }
}

function openPlainSink(store: ContentStore, pool: BufferPool): LayerSink {
  const plain = store.createWriter()
  return {
    async write(chunk) {
      plain.write(chunk.buffer.subarray(0, chunk.length))
      pool.release(chunk.buffer)
      // Nothing else lets other work in during a long copy.
      await new Promise(setImmediate)
    },
    async commit() {
      const descriptor = { mediaType: layerMediaType('uncompressed'), ...plain.commit() }
      return { diffID: descriptor.digest as DiffID, descriptor }
    },
    abort() {
      plain.abort()
    },
  }
}
