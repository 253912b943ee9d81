// A chunk's plain bytes out of a compressed layer that has the same chunk.
import { constants, inflateRawSync } from 'node:zlib'
import type { PackedChunks } from './packed-chunks.ts'
import type { TarChunk } from './tar-chunks.ts'

/** Fills the buffer of a chunk whose identity is known. False if there is no such chunk. */
export function unpackChunk(known: PackedChunks, { identity, buffer, length }: TarChunk): boolean {
  const packed = identity && known.take(identity)
  if (!packed) return false
  // A little more room than needed, since zlib asks for another buffer when one is full.
  const bytes = inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, chunkSize: length + 64 })
  if (bytes.length !== length) throw new Error(`bug: a chunk of ${length} bytes was packed as one of ${bytes.length}`)
  bytes.copy(buffer)
  return true
}
