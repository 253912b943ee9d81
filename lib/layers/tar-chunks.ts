import { createHash, hash } from 'node:crypto'
import type { BufferPool } from './buffer-pool.ts'
import { ChunkCutter, MAX_CHUNK } from './chunk-cutter.ts'
import { ChunkIdentities } from './chunk-identities.ts'
import type { ContentFiles } from './content-files.ts'
import { createHeaderEncoder } from './encode-header.ts'
import type { LayerEntry, LayerIndex, SourceEntry } from './entry.ts'
import type { ChunkIdentity } from './packed-chunks.ts'
import { BLOCK, paddingOf } from './tar-format.ts'

/** What buffers for {@link tarChunks} must hold: reading asks for one byte more than a chunk may have. */
export const CHUNK_BUFFER: number = MAX_CHUNK + BLOCK

/** A piece of a tar: the first `length` bytes of a buffer that now belongs to whoever gets it. */
export interface TarChunk {
  readonly buffer: Buffer
  readonly length: number
  /** Set by {@link tarChunks}; of a chunk with part of a large file it may become known only after that file was read. */
  readonly identity?: ChunkIdentity | undefined
}

/**
 * Entries as a tar, in pieces cut where {@link ChunkCutter} says; returns the index. Reads files synchronously while it is
 * iterated. Deterministic: same entries, same bytes, same cuts. Errors as {@link ContentFiles} does.
 */
export function* tarChunks(
  entries: Iterable<SourceEntry>,
  files: ContentFiles,
  pool: BufferPool,
): Generator<TarChunk, LayerIndex, void> {
  const encode = createHeaderEncoder()
  const cutter = new ChunkCutter()
  const index: LayerEntry[] = []
  const identities = new ChunkIdentities()
  let buffer = pool.take()
  let position = 0
  for (const entry of entries) {
    const header = encode(entry)
    const { size } = entry
    const padding = paddingOf(size)
    const total = header.length + size + padding
    if (cutter.cutsBefore(total)) {
      yield { buffer, length: cutter.used, identity: identities.next() }
      buffer = pool.take()
      cutter.used = 0
    }
    let sha256: string | undefined
    files.begin(entry)
    if (total <= MAX_CHUNK) {
      const start = cutter.used + header.length
      header.copy(buffer, cutter.used)
      if (size > 0) files.read(buffer, start, size)
      if (entry.type === 'file') sha256 = entry.sha256 ?? hash('sha256', buffer.subarray(start, start + size), 'hex')
      buffer.fill(0, start + size, start + size + padding)
      cutter.used += total
      identities.add(header, sha256)
    } else {
      const hasher = entry.sha256 === undefined ? createHash('sha256') : undefined
      identities.begin(header, entry.sha256)
      // As if the whole entry were one string of bytes, cut at multiples of MAX_CHUNK.
      let done = 0
      while (done < total) {
        if (cutter.used === MAX_CHUNK) {
          yield { buffer, length: MAX_CHUNK, identity: identities.next(done) }
          buffer = pool.take()
          cutter.used = 0
        }
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
      sha256 = entry.sha256 ?? hasher?.digest('hex')
      identities.end(sha256)
    }
    files.end()
    index.push(toLayerEntry(entry, position + header.length, sha256))
    position += total
    if (cutter.cutsAfter(entry.path, total)) {
      yield { buffer, length: cutter.used, identity: identities.next() }
      buffer = pool.take()
      cutter.used = 0
    }
  }
  const end = 2 * BLOCK
  if (cutter.cutsBefore(end)) {
    yield { buffer, length: cutter.used, identity: identities.next() }
    buffer = pool.take()
    cutter.used = 0
  }
  buffer.fill(0, cutter.used, cutter.used + end)
  yield { buffer, length: cutter.used + end, identity: identities.next(end) }
  return { entries: index, size: position + end }
}

/** Without `content`, so that an index doesn't keep bytes in memory. */
function toLayerEntry(entry: SourceEntry, offset: number, sha256: string | undefined): LayerEntry {
  return {
    path: entry.path,
    type: entry.type,
    mode: entry.mode & 0o7777,
    uid: entry.uid,
    gid: entry.gid,
    mtime: entry.mtime,
    size: entry.size,
    linkname: entry.linkname,
    xattrs: entry.xattrs,
    devMajor: entry.devMajor,
    devMinor: entry.devMinor,
    offset,
    sha256,
  }
}
