import { BufferPool } from './buffer-pool.ts'
import { ContentFiles } from './content-files.ts'
import type { SourceEntry } from './entry.ts'
import { CHUNK_BUFFER, tarChunks } from './tar-chunks.ts'

/**
 * Entries as a plain tar, in pieces of up to 1 MiB: for `-o type=tar`. A piece is valid until the next one is asked for. Reads
 * files synchronously while it is iterated. Errors as {@link ContentFiles} does.
 */
export function* writeTar(entries: Iterable<SourceEntry>): Generator<Uint8Array, void, undefined> {
  const files = new ContentFiles()
  const pool = new BufferPool(CHUNK_BUFFER)
  try {
    const chunks = tarChunks(entries, files, pool)
    for (let step = chunks.next(); !step.done; step = chunks.next()) {
      yield step.value.buffer.subarray(0, step.value.length)
      pool.release(step.value.buffer)
    }
  } finally {
    files.close()
  }
}
