import { ContentFiles } from '../content-files.ts'
import type { SourceEntry } from '../entry.ts'
import { BufferPool } from '../gzip/buffer-pool.ts'
import { CHUNK_BUFFER } from '../gzip/chunk-cutter.ts'
import { tarChunks } from '../gzip/tar-chunks.ts'

/**
 * Entries as a plain tar, in pieces of up to 1 MiB: for `-o type=tar`. Reads files synchronously while it is
 * iterated. Errors as {@link ContentFiles} does.
 */
export function* writeTar(entries: Iterable<SourceEntry>): Generator<Uint8Array, void, undefined> {
  const files = new ContentFiles()
  try {
    // No buffer goes back to the pool, since the reader of the pieces may queue them.
    const chunks = tarChunks(entries, files, new BufferPool(CHUNK_BUFFER))
    for (let step = chunks.next(); !step.done; step = chunks.next()) {
      yield step.value.buffer.subarray(0, step.value.length)
    }
  } finally {
    files.close()
  }
}
