// Cuts a tar into chunks that are compressed on their own. Names and sizes decide where, not positions, so that
// a change of one file moves few cuts.
import type { SourceEntry } from '../entry.ts'
import { pathToBytes } from '../paths/path-bytes.ts'
import { BLOCK } from '../tar/tar-format.ts'

/** The longest chunk, in bytes. */
export const MAX_CHUNK: number = 1024 * 1024
/** The size of buffers for chunks: reading requests one byte more than a chunk may have. */
export const CHUNK_BUFFER: number = MAX_CHUNK + BLOCK
/** No chunk is cut short by a hash below this. */
const MIN_CHUNK = 512 * 1024
/** An entry above this starts a chunk of its own, and is cut at fixed offsets. */
const LARGE_ENTRY = 256 * 1024
/** The average distance of cuts by hash, in bytes. */
const SPREAD = 384 * 1024

/** Follows the entries of one tar. `total` is always an entry's headers, content and padding in bytes. */
export class ChunkCutter {
  /** Bytes in the chunk that is being filled. */
  used = 0

  /** Whether the chunk ends before an entry. */
  cutsBefore(total: number): boolean {
    return this.used > 0 && (total > LARGE_ENTRY || this.used + total > MAX_CHUNK)
  }

  /** Whether the chunk ends after an entry whose bytes are counted in `used`. */
  cutsAfter(entry: Pick<SourceEntry, 'path'>, total: number): boolean {
    // In proportion to the size, so that chunks of small files are as long as chunks of large ones.
    return this.used >= MIN_CHUNK && hashPath(entry.path) < (total / SPREAD) * 0x1_0000_0000
  }
}

/** FNV-1a with a final mix, 32 bits. */
function hashPath(path: string): number {
  const bytes = pathToBytes(path)
  let hash = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
