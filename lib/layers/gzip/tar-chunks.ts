import { createHash, hash } from 'node:crypto'
import type { ContentFiles } from '../content-files.ts'
import type { SourceEntry } from '../entry.ts'
import type { DigestColumn } from '../index/digest-column.ts'
import { IndexWriter } from '../index/index-writer.ts'
import { createHeaderEncoder } from '../tar/encode-header.ts'
import { BLOCK, paddingOf } from '../tar/tar-format.ts'
import type { BufferPool } from './buffer-pool.ts'
import { ChunkCutter, MAX_CHUNK } from './chunk-cutter.ts'
import { ChunkIdentities } from './chunk-identities.ts'
import { unpackChunk } from './inflate-chunk.ts'
import type { ChunkIdentity, PackedChunks } from './packed-chunks.ts'

/** To open, read and close a file of less takes longer than to decompress as much. */
const SMALL_FILE = 12 * 1024

/** A piece of a tar: the first `length` bytes of a buffer that now belongs to whoever gets it. */
export interface TarChunk {
  readonly buffer: Buffer
  readonly length: number
  /**
   * Set by {@link tarChunks}; of a chunk with part of a large file it may become known only after that file was
   * read.
   */
  readonly identity?: ChunkIdentity | undefined
}

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
 * Entries as a tar, in pieces cut where {@link ChunkCutter} says; returns the index. Reads files synchronously
 * while it is iterated; of a chunk that is `known`, no file whose digest is. Deterministic: same entries, same
 * bytes, same cuts. Errors as {@link ContentFiles} does.
 */
export function* tarChunks(
  entries: Iterable<SourceEntry>,
  files: ContentFiles,
  pool: BufferPool,
  { known, digests }: TarChunksOptions = {},
): Generator<TarChunk, WrittenTar, void> {
  const encode = createHeaderEncoder()
  const cutter = new ChunkCutter()
  const index = new IndexWriter()
  const identities = new ChunkIdentities()
  let buffer = pool.take()
  let position = 0
  /** Entries of the current chunk whose content is yet to be read. */
  const unread: { readonly entry: SourceEntry; readonly start: number }[] = []
  const read = (entry: SourceEntry, start: number): void => {
    files.begin(entry)
    if (entry.size > 0) files.read(buffer, start, entry.size)
    files.end()
    buffer.fill(0, start + entry.size, start + entry.size + paddingOf(entry.size))
  }
  const finish = (at = 0): TarChunk => {
    const { used: length } = cutter
    const identity = identities.next(at)
    const isUnpacked = known && unread.length * SMALL_FILE > length && unpackChunk(known, identity, buffer, length)
    if (!isUnpacked) for (const { entry, start } of unread) read(entry, start)
    unread.length = 0
    return { buffer, length, identity }
  }
  const cut = function* (at = 0): Generator<TarChunk, void, void> {
    yield finish(at)
    buffer = pool.take()
    cutter.used = 0
  }
  let place = 0
  for (const entry of entries) {
    const header = encode(entry)
    const { size } = entry
    const padding = paddingOf(size)
    const total = header.length + size + padding
    if (cutter.cutsBefore(total)) yield* cut()
    let sha256 = entry.sha256 ?? digests?.hex(place)
    place++
    if (total <= MAX_CHUNK) {
      const start = cutter.used + header.length
      header.copy(buffer, cutter.used)
      if (known && sha256 !== undefined) unread.push({ entry, start })
      else read(entry, start)
      if (entry.type === 'file') sha256 ??= hash('sha256', buffer.subarray(start, start + size), 'hex')
      cutter.used += total
      identities.add(header, sha256)
    } else {
      files.begin(entry)
      const hasher = sha256 === undefined ? createHash('sha256') : undefined
      identities.begin(header, sha256)
      // As if the whole entry were one string of bytes, cut at multiples of MAX_CHUNK.
      let done = 0
      while (done < total) {
        if (cutter.used === MAX_CHUNK) yield* cut(done)
        const room = MAX_CHUNK - cutter.used
        const inContent = done - header.length
        let length: number
        if (inContent < 0) {
          length = header.copy(buffer, cutter.used, done, done + room)
        } else if (inContent < size) {
          length = Math.min(room, size - inContent)
          files.read(buffer, cutter.used, length)
          hasher?.update(buffer.subarray(cutter.used, cutter.used + length))
        } else {
          length = Math.min(room, total - done)
          buffer.fill(0, cutter.used, cutter.used + length)
        }
        done += length
        cutter.used += length
      }
      sha256 ??= hasher?.digest('hex')
      identities.end(sha256)
      files.end()
    }
    index.add(entry, position + header.length, sha256)
    position += total
    if (cutter.cutsAfter(entry, total)) yield* cut()
  }
  const end = 2 * BLOCK
  if (cutter.cutsBefore(end)) yield* cut()
  buffer.fill(0, cutter.used, cutter.used + end)
  cutter.used += end
  yield finish(end)
  return { index, size: position + end }
}
