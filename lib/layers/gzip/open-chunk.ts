import { createHash, type Hash, hash } from 'node:crypto'
import type { ContentFiles } from '../content-files.ts'
import type { SourceEntry } from '../entry.ts'
import { paddingOf } from '../tar/tar-format.ts'
import type { BufferPool } from './buffer-pool.ts'
import { ChunkCutter, MAX_CHUNK } from './chunk-cutter.ts'
import { ChunkIdentities } from './chunk-identities.ts'
import { unpackChunk } from './inflate-chunk.ts'
import type { ChunkIdentity, PackedChunks } from './packed-chunks.ts'

/** A piece of a tar: the first `length` bytes of a buffer that now belongs to the receiver. */
export interface TarChunk {
  readonly buffer: Buffer
  readonly length: number
  /**
   * Set by `tarChunks()`. The key of a chunk with part of a large file may become known only after the file was
   * read.
   */
  readonly identity?: ChunkIdentity | undefined
}

/** A file below this is faster to decompress than to open, read and close. */
const SMALL_FILE = 12 * 1024

/**
 * The chunk of a tar that is being filled. Reads files synchronously, but no file with a known digest whose
 * chunk is in `known`. Errors as {@link ContentFiles} does.
 */
export class OpenChunk {
  readonly #files: ContentFiles
  readonly #pool: BufferPool
  readonly #known: PackedChunks | undefined
  readonly #cutter = new ChunkCutter()
  readonly #identities = new ChunkIdentities()
  /** Entries of the chunk whose content is yet to be read. */
  readonly #unread: { readonly entry: SourceEntry; readonly start: number }[] = []
  #buffer: Buffer | undefined

  constructor(files: ContentFiles, pool: BufferPool, known: PackedChunks | undefined) {
    this.#files = files
    this.#pool = pool
    this.#known = known
  }

  /** Whether the chunk ends before an entry of `total` bytes. */
  endsBefore(total: number): boolean {
    return this.#cutter.cutsBefore(total)
  }

  /** Whether the chunk ends after an entry that was just added. */
  endsAfter(entry: SourceEntry, total: number): boolean {
    return this.#cutter.cutsAfter(entry, total)
  }

  /**
   * Adds an entry of at most {@link MAX_CHUNK} bytes. Returns the digest of a file, which is `sha256` if that
   * is given.
   */
  add(entry: SourceEntry, header: Buffer, sha256: string | undefined): string | undefined {
    const buffer = this.#room()
    const { size } = entry
    const start = this.#cutter.used + header.length
    header.copy(buffer, this.#cutter.used)
    if (this.#known && sha256 !== undefined) this.#unread.push({ entry, start })
    else this.#read(entry, start)
    const digest =
      sha256 ?? (entry.type === 'file' ? hash('sha256', buffer.subarray(start, start + size), 'hex') : undefined)
    this.#cutter.used = start + size + paddingOf(size)
    this.#identities.add(header, digest)
    return digest
  }

  /**
   * Adds a larger entry as {@link add} does, and yields the chunks that it fills: it is cut at multiples of
   * {@link MAX_CHUNK}.
   */
  *addLarge(entry: SourceEntry, header: Buffer, sha256: string | undefined): Generator<TarChunk, string, void> {
    const total = header.length + entry.size + paddingOf(entry.size)
    const hasher = sha256 === undefined ? createHash('sha256') : undefined
    this.#files.begin(entry)
    this.#identities.begin(header, sha256)
    for (let done = 0; done < total; ) {
      if (this.#cutter.used === MAX_CHUNK) yield this.end(done)
      const length = this.#addPiece(entry, header, done, hasher)
      done += length
      this.#cutter.used += length
    }
    const digest = sha256 ?? (hasher as Hash).digest('hex')
    this.#identities.end(digest)
    this.#files.end()
    return digest
  }

  /** Adds zeros. */
  pad(length: number): void {
    const { used } = this.#cutter
    this.#room().fill(0, used, used + length)
    this.#cutter.used += length
  }

  /** Returns the finished chunk and begins another. `at` is the position in the entry that the cut divides. */
  end(at = 0): TarChunk {
    const buffer = this.#room()
    const { used: length } = this.#cutter
    const identity = this.#identities.next(at)
    const isUnpacked =
      this.#known && this.#unread.length * SMALL_FILE > length && unpackChunk(this.#known, identity, buffer, length)
    if (!isUnpacked) for (const { entry, start } of this.#unread) this.#read(entry, start)
    this.#unread.length = 0
    this.#buffer = undefined
    this.#cutter.used = 0
    return { buffer, length, identity }
  }

  /** The buffer, taken when it is needed: by then the receiver of the last chunk may have released one. */
  #room(): Buffer {
    return (this.#buffer ??= this.#pool.take())
  }

  #read(entry: SourceEntry, start: number): void {
    const buffer = this.#room()
    this.#files.begin(entry)
    if (entry.size > 0) this.#files.read(buffer, start, entry.size)
    this.#files.end()
    buffer.fill(0, start + entry.size, start + entry.size + paddingOf(entry.size))
  }

  /**
   * Adds bytes of a large entry, of which `done` are added: of its header, its content or its padding. Returns
   * how many.
   */
  #addPiece(entry: SourceEntry, header: Buffer, done: number, hasher: Hash | undefined): number {
    const buffer = this.#room()
    const { used } = this.#cutter
    const room = MAX_CHUNK - used
    const inContent = done - header.length
    if (inContent < 0) return header.copy(buffer, used, done, done + room)
    const left = entry.size - inContent
    if (left > 0) {
      const length = Math.min(room, left)
      this.#files.read(buffer, used, length)
      hasher?.update(buffer.subarray(used, used + length))
      return length
    }
    const length = Math.min(room, left + paddingOf(entry.size))
    buffer.fill(0, used, used + length)
    return length
  }
}
