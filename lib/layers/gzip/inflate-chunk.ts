// Takes the plain bytes of a chunk from a compressed layer that has the same chunk.
import { constants, inflateRawSync } from 'node:zlib'
import type { ChunkIdentity, PackedChunks } from './packed-chunks.ts'

/** Fills the buffer of a chunk. False if no such chunk is known. */
export function unpackChunk(known: PackedChunks, identity: ChunkIdentity, buffer: Buffer, length: number): boolean {
  const packed = known.take(identity)
  if (!packed) return false
  // A little more room than needed, since zlib allocates another buffer when one is full.
  const bytes = inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, chunkSize: length + 64 })
  if (bytes.length !== length) throw new Error(`bug: a chunk of ${length} bytes was packed as one of ${bytes.length}`)
  bytes.copy(buffer)
  return true
}
