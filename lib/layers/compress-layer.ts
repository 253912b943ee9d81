import { closeSync, openSync, readSync } from 'node:fs'
import { TsbuildError } from '../base/errors.ts'
import type { ContentStore } from '../oci/content.ts'
import type { Descriptor, DiffID } from '../oci/types.ts'
import type { LayerIndex } from './entry.ts'
import { BufferPool } from './gzip/buffer-pool.ts'
import { CHUNK_BUFFER, ChunkCutter, MAX_CHUNK } from './gzip/chunk-cutter.ts'
import { openLayerSink } from './layer-sink.ts'
import { storedSize } from './tar/sparse-map.ts'
import { paddingOf } from './tar/tar-format.ts'

export interface CompressLayerOptions {
  /** 0, for no compression, to 9. */
  readonly level: number
  readonly signal?: AbortSignal | undefined
  /** Called now and then with the bytes of plain tar read so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined
}

/**
 * Compresses a plain layer of the store with gzip. The bytes are those that {@link writeLayer} makes with the
 * same level. Errors with `DIGEST_MISMATCH` if the plain tar is damaged, with `BLOB_NOT_FOUND` if it is
 * missing.
 */
export async function compressLayer(
  store: ContentStore,
  plain: { readonly diffID: DiffID; readonly size: number },
  index: LayerIndex,
  options: CompressLayerOptions,
): Promise<Descriptor> {
  const { level, signal, onProgress } = options
  const pool = new BufferPool(CHUNK_BUFFER)
  const file = openSync(store.path(plain.diffID), 'r')
  const sink = openLayerSink(store, pool, { algorithm: 'gzip', level })
  try {
    let position = 0
    for (const length of chunkLengths(index)) {
      signal?.throwIfAborted()
      const buffer = pool.take()
      readExactly(file, buffer, length, position)
      position += length
      await sink.write({ buffer, length })
      onProgress?.(position)
    }
    return (await sink.commit(plain.diffID)).descriptor
  } catch (error) {
    sink.abort()
    throw error
  } finally {
    closeSync(file)
  }
}

/** The lengths of the chunks that tarChunks() cuts the same entries into. */
function* chunkLengths(index: LayerIndex): Generator<number, void, void> {
  const cutter = new ChunkCutter()
  let start = 0
  for (const entry of index.entries) {
    const { offset, size, sparse } = entry
    const stored = storedSize(size, sparse)
    const end = offset + stored + paddingOf(stored)
    yield* fill(cutter, end - start)
    if (cutter.cutsAfter(entry, end - start)) {
      yield cutter.used
      cutter.used = 0
    }
    start = end
  }
  yield* fill(cutter, index.size - start)
  if (cutter.used > 0) yield cutter.used
}

function* fill(cutter: ChunkCutter, total: number): Generator<number, void, void> {
  if (cutter.cutsBefore(total)) {
    yield cutter.used
    cutter.used = 0
  }
  cutter.used += total
  for (; cutter.used > MAX_CHUNK; cutter.used -= MAX_CHUNK) yield MAX_CHUNK
}

function readExactly(file: number, buffer: Buffer, length: number, position: number): void {
  for (let got = 0; got < length; ) {
    const read = readSync(file, buffer, got, length - got, position + got)
    if (read === 0) throw new TsbuildError('DIGEST_MISMATCH', 'a plain layer in the store is cut off')
    got += read
  }
}
