import { createHash } from 'node:crypto'
import type { BlobWriter, ContentStore } from '../oci/content.ts'
import { digestMismatch } from '../oci/digest.ts'
import { layerMediaType } from '../oci/media-types.ts'
import type { Descriptor, DiffID, Digest } from '../oci/types.ts'
import type { BufferPool } from './gzip/buffer-pool.ts'
import { GZIP_HEADER, GzipWriter } from './gzip/gzip-writer.ts'
import { type PackedChunks, savePackedChunks } from './gzip/packed-chunks.ts'
import type { TarChunk } from './gzip/tar-chunks.ts'

/** How a layer's blob is packed. `level` is 0, for no compression, to 9. */
export type LayerCompression =
  | { readonly algorithm: 'gzip'; readonly level: number }
  | { readonly algorithm: 'uncompressed' }

/** Where the chunks of a layer's tar go: hashed, packed and stored. */
export interface LayerSink {
  /** Resolves when there is room for another chunk. The chunk's buffer goes back to the pool. */
  write(chunk: TarChunk): Promise<void>
  /** Errors with `DIGEST_MISMATCH`, committing nothing, if the tar is not the expected one. */
  commit(
    expected?: DiffID,
  ): Promise<{ readonly diffID: DiffID; readonly descriptor: Descriptor; readonly plain: boolean }>
  /** Leaves nothing behind in the store. Safe after a failed commit. */
  abort(): void
}

/** Chunks that are `known` compressed are taken over. */
export function openLayerSink(
  store: ContentStore,
  pool: BufferPool,
  compression: LayerCompression,
  keepPlain: boolean,
  known?: PackedChunks,
): LayerSink {
  if (compression.algorithm === 'uncompressed') return openPlainSink(store, pool)
  const packed = store.createWriter()
  // A writer of the store hashes, so that keeping the plain tar needs no second hash.
  const plain = keepPlain ? store.createWriter() : hashOnly()
  const { level } = compression
  const gzip = new GzipWriter(packed, level, pool, known)
  return {
    async write(chunk) {
      plain.write(chunk.buffer.subarray(0, chunk.length))
      await gzip.write(chunk)
    },
    async commit(expected) {
      await gzip.finish()
      const diffID = plain.commit().digest as DiffID
      if (expected !== undefined && diffID !== expected) throw digestMismatch(expected, diffID)
      const descriptor = { mediaType: layerMediaType('gzip'), ...packed.commit() }
      savePackedChunks(store, descriptor.digest, level, GZIP_HEADER.length, gzip.packed)
      return { diffID, descriptor, plain: keepPlain }
    },
    abort() {
      gzip.abort()
      packed.abort()
      plain.abort()
    },
  }
}

function openPlainSink(store: ContentStore, pool: BufferPool): LayerSink {
  const plain = store.createWriter()
  return {
    async write(chunk) {
      plain.write(chunk.buffer.subarray(0, chunk.length))
      pool.release(chunk.buffer)
      // The only place where a long copy lets other work in.
      await new Promise(setImmediate)
    },
    async commit() {
      const descriptor = { mediaType: layerMediaType('uncompressed'), ...plain.commit() }
      return { diffID: descriptor.digest as DiffID, descriptor, plain: true }
    },
    abort() {
      plain.abort()
    },
  }
}

/** A writer that keeps nothing but the digest. */
function hashOnly(): BlobWriter {
  const hasher = createHash('sha256')
  let size = 0
  return {
    write(chunk) {
      hasher.update(chunk)
      size += chunk.length
    },
    commit() {
      const digest: Digest = `sha256:${hasher.digest('hex')}`
      return { digest, size }
    },
    abort() {},
  }
}
