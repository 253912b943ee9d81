// One gzip member made of chunks that are deflated in parallel. Each chunk's bytes are a pure function of its
// content and of the level: never of timing, of the number of threads or of other chunks.
import { crc32 } from 'node:zlib'
import type { BlobWriter } from '../../oci/content.ts'
import type { BufferPool } from './buffer-pool.ts'
import { deflateChunk } from './deflate-threads.ts'
import { isIncompressible } from './incompressible.ts'
import type { TarChunk } from './open-chunk.ts'
import type { ChunkIdentity, PackedChunk, PackedChunks } from './packed-chunks.ts'

/**
 * The most chunks in flight, which bounds memory: enough to keep every thread busy while the main thread is
 * held up, or reads files that need no compression. With 8, a build takes a quarter more time.
 */
const IN_FLIGHT = 20
/** No name, no time, no operating system (RFC 1952, 2.3). */
export const GZIP_HEADER: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)
const MAX_STORED = 0xffff

interface Job {
  readonly identity: ChunkIdentity | undefined
  packed: { readonly parts: readonly Uint8Array[]; readonly buffer: Buffer } | undefined
}

/** Writes chunks, in order, as gzip. The chunks' buffers go back to the pool. */
export class GzipWriter {
  readonly #out: BlobWriter
  readonly #level: number
  readonly #pool: BufferPool
  readonly #queue: Job[] = []
  #failure: Error | undefined
  #wake: (() => void) | undefined
  readonly #known: PackedChunks | undefined
  /** The chunks written so far. */
  readonly packed: PackedChunk[] = []
  #crc = 0
  #size = 0

  /**
   * `level` is 0, for no compression, to 9. Chunks that are in `known` are copied from an earlier blob instead
   * of being compressed again.
   */
  constructor(out: BlobWriter, level: number, pool: BufferPool, known?: PackedChunks) {
    this.#known = known
    this.#out = out
    this.#level = level
    this.#pool = pool
    out.write(GZIP_HEADER)
  }

  /** Resolves when there is room for another chunk. */
  async write(chunk: TarChunk): Promise<void> {
    const { buffer, length, identity } = chunk
    const bytes = buffer.subarray(0, length)
    const job: Job = { identity, packed: undefined }
    this.#queue.push(job)
    this.#crc = crc32(bytes, this.#crc)
    this.#size += length
    const known = identity && this.#known?.take(identity)
    if (known) this.#done(job, [known], buffer)
    else if (this.#level === 0 || isIncompressible(bytes)) this.#done(job, storedBlocks(bytes), buffer)
    else this.#deflate(job, buffer, length)
    // Lets the results of threads in.
    await new Promise(setImmediate)
    while (this.#queue.length >= IN_FLIGHT && this.#failure === undefined) await this.#progress()
    if (this.#failure) throw this.#failure
  }

  /** Writes the chunks in flight and the trailer. */
  async finish(): Promise<void> {
    while (this.#queue.length > 0 && this.#failure === undefined) await this.#progress()
    if (this.#failure) throw this.#failure
    // An empty last block, then CRC and size (RFC 1952, 2.2).
    const trailer = Buffer.alloc(10)
    trailer[0] = 0x03
    trailer.writeUInt32LE(this.#crc, 2)
    trailer.writeUInt32LE(this.#size % 0x1_0000_0000, 6)
    this.#out.write(trailer)
  }

  /** Drops the chunks in flight; nothing more is written. */
  abort(): void {
    this.#fail(new Error('aborted'))
  }

  #deflate(job: Job, buffer: Buffer, length: number): void {
    deflateChunk(buffer, length, this.#level).then(
      (deflated) => {
        const parts =
          deflated.length > 0
            ? [deflated.buffer.subarray(0, deflated.length)]
            : storedBlocks(deflated.buffer.subarray(0, length))
        this.#done(job, parts, deflated.buffer)
      },
      (error: unknown) => this.#fail(error),
    )
  }

  #done(job: Job, parts: readonly Uint8Array[], buffer: Buffer): void {
    job.packed = { parts, buffer }
    if (this.#failure) return
    try {
      for (let first = this.#queue[0]; first?.packed; first = this.#queue[0]) {
        this.#emit(first.identity, first.packed.parts)
        this.#pool.release(first.packed.buffer)
        this.#queue.shift()
      }
    } catch (error) {
      // The store threw, possibly in a callback that nobody awaits.
      this.#fail(error)
    }
    this.#wake?.()
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error))
    this.#wake?.()
  }

  #emit(identity: ChunkIdentity | undefined, parts: readonly Uint8Array[]): void {
    let length = 0
    let crc = 0
    for (const part of parts) {
      this.#out.write(part)
      length += part.length
      crc = crc32(part, crc)
    }
    this.packed.push({ identity, length, crc })
  }

  #progress(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

/** Deflate's stored form (RFC 1951, 3.2.4), which may follow anything that ends at a byte. */
function storedBlocks(bytes: Buffer): readonly Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += MAX_STORED) {
    const length = Math.min(MAX_STORED, bytes.length - at)
    const complement = ~length & 0xffff
    parts.push(Buffer.of(0, length & 0xff, length >>> 8, complement & 0xff, complement >>> 8))
    parts.push(bytes.subarray(at, at + length))
  }
  return parts
}
