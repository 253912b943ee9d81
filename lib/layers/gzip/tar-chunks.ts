import type { ContentFiles } from '../content-files.ts'
import type { SourceEntry } from '../entry.ts'
import type { DigestColumn } from '../index/digest-column.ts'
import { IndexWriter } from '../index/index-writer.ts'
import { createHeaderEncoder } from '../tar/encode-header.ts'
import { BLOCK, paddingOf } from '../tar/tar-format.ts'
import type { BufferPool } from './buffer-pool.ts'
import { MAX_CHUNK } from './chunk-cutter.ts'
import { OpenChunk, type TarChunk } from './open-chunk.ts'
import type { PackedChunks } from './packed-chunks.ts'

/** Zeros at the end of a tar, in bytes. */
const END = 2 * BLOCK

export interface WrittenTar {
  readonly index: IndexWriter
  /** Bytes of the tar. */
  readonly size: number
}

export interface TarChunksOptions {
  /** Chunks that need not be made again. */
  readonly known?: PackedChunks | undefined
  /** Digests of contents that are known although the entries have none, by the index of the entry. */
  readonly digests?: DigestColumn | undefined
}

/**
 * Entries as a tar, in pieces cut by {@link ChunkCutter}; returns the index. Reads files synchronously while it
 * is iterated, but no file with a known digest whose chunk is `known`. Deterministic: the same entries give the
 * same bytes and the same cuts. Errors as {@link ContentFiles} does.
 */
export function* tarChunks(
  entries: Iterable<SourceEntry>,
  files: ContentFiles,
  pool: BufferPool,
  { known, digests }: TarChunksOptions = {},
): Generator<TarChunk, WrittenTar, void> {
  const encode = createHeaderEncoder()
  const index = new IndexWriter()
  const chunk = new OpenChunk(files, pool, known)
  let position = 0
  let at = 0
  for (const entry of entries) {
    const header = encode(entry)
    const total = header.length + entry.size + paddingOf(entry.size)
    if (chunk.endsBefore(total)) yield chunk.end()
    const given = entry.sha256 ?? digests?.hex(at)
    at++
    const sha256 = total > MAX_CHUNK ? yield* chunk.addLarge(entry, header, given) : chunk.add(entry, header, given)
    index.add(entry, position + header.length, sha256)
    position += total
    if (chunk.endsAfter(entry, total)) yield chunk.end()
  }
  if (chunk.endsBefore(END)) yield chunk.end()
  chunk.pad(END)
  yield chunk.end(END)
  return { index, size: position + END }
}
