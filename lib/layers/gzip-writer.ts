// One gzip member made of chunks that are deflated in parallel, on libuv's threads. Each chunk's bytes are a pure function of its
// content, of the 32 KiB before it and of the level: never of timing, of the number of threads or of other chunks.
import { constants, crc32, deflateRaw } from 'node:zlib'
import type { BlobWriter } from '../oci/content.ts'
import type { BufferPool } from './buffer-pool.ts'
import { isIncompressible } from './incompressible.ts'
import type { ChunkIdentity, PackedChunk, PackedChunks } from './packed-chunks.ts'
import type { TarChunk } from './tar-chunks.ts'

/**
 * Chunks on their way, a bound for memory: enough to feed every thread while the main thread is held up, or goes through files that need
 * no compression. With 8, a build takes a quarter more time.
 */
const IN_FLIGHT = 20
const WINDOW = 32 * 1024
/** No name, no time, no hint at a system (RFC 1952, 2.3). */
export const GZIP_HEADER: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)
const MAX_STORED = 0xffff

interface Job {
  readonly chunk: TarChunk
  readonly before: ChunkIdentity | undefined
  output: readonly Uint8Array[] | undefined
}

/** Writes chunks, in order, as gzip. The chunks' buffers go back to the pool. */
export class GzipWriter {
  readonly #out: BlobWriter
  readonly #level: number
  readonly #pool: BufferPool
  readonly #queue: Job[] = []
  #failure: Error | undefined
  #wake: (() => void) | undefined
  #dictionary: Buffer | undefined
  #last: ChunkIdentity | undefined
  readonly #known: PackedChunks | undefined
  /** The chunks written so far, as far as they have an identity. */
  readonly packed: PackedChunk[] = []
  #crc = 0
  #size = 0

  /** `known` are chunks of an earlier blob, to be taken instead of compressing the same again. */
  constructor(out: BlobWriter, level: number, pool: BufferPool, known?: PackedChunks) {
    this.#known = known
    this.#out = out
    this.#level = level
    this.#pool = pool
    out.write(GZIP_HEADER)
  }

  /** Resolves when there is room for another chunk. */
  async write(chunk: TarChunk): Promise<void> {
    const bytes = chunk.buffer.subarray(0, chunk.length)
    const { identity } = chunk
    const before = this.#last
    const job: Job = { chunk, before, output: undefined }
    this.#queue.push(job)
    const taken = identity && this.#known?.take(before, identity)
    this.#last = identity
    if (taken) job.output = [taken]
    else if (this.#level === 0 || isIncompressible(bytes)) job.output = storedBlocks(bytes)
    else this.#deflate(job, bytes)
    this.#dictionary = Buffer.from(bytes.subarray(-WINDOW))
    this.#crc = crc32(bytes, this.#crc)
    this.#size += chunk.length
    this.#drain()
    // Lets finished chunks in.
    await new Promise(setImmediate)
    while (this.#queue.length >= IN_FLIGHT && this.#failure === undefined) await this.#progress()
    if (this.#failure) throw this.#failure
  }

  /** Writes what is on its way and the trailer. */
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

  /** Drops what is on its way; nothing more is written. */
  abort(): void {
    this.#failure ??= new Error('aborted')
    this.#wake?.()
  }

  #deflate(job: Job, bytes: Buffer): void {
    const options = {
      level: this.#level,
      chunkSize: Math.max(1024, job.chunk.length >>> 2),
      // Ends at a byte, and isn't the last block.
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.#dictionary && { dictionary: this.#dictionary }),
    }
    deflateRaw(bytes, options, (error, output) => {
      if (error) this.#failure ??= error
      else job.output = [output]
      this.#drain()
      this.#wake?.()
    })
  }

  #drain(): void {
    if (this.#failure) return
    try {
      for (let job = this.#queue[0]; job?.output !== undefined; job = this.#queue[0]) {
        this.#emit(job, job.output)
        this.#pool.release(job.chunk.buffer)
        this.#queue.shift()
      }
    } catch (error) {
      // Thrown by the store, possibly in a callback that nobody awaits.
      this.#failure = error instanceof Error ? error : new Error(String(error))
    }
  }

  #emit({ chunk: { identity }, before }: Job, output: readonly Uint8Array[]): void {
    let length = 0
    let crc = 0
    for (const part of output) {
      this.#out.write(part)
      length += part.length
      crc = crc32(part, crc)
    }
    this.packed.push({ before, identity: identity ?? { key: undefined }, length, crc })
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
