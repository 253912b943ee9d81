import { asBuffer } from '../paths/path-bytes.ts'

/** A stream of chunks as a stream of bytes, pulled as they are wanted. Errors of the stream come through. */
export class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>
  #chunk: Buffer = Buffer.alloc(0)

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#iterator = stream[Symbol.asyncIterator]()
  }

  /** Between 1 and `limit` bytes, a view of the stream's; undefined at the end of the stream. */
  async some(limit: number): Promise<Buffer | undefined> {
    while (this.#chunk.length === 0) {
      const step = await this.#iterator.next()
      if (step.done) return undefined
      this.#chunk = asBuffer(step.value)
    }
    const piece = this.#chunk.subarray(0, limit)
    this.#chunk = this.#chunk.subarray(piece.length)
    return piece
  }

  /** Reads `length` bytes, or as many as there are before the end of the stream. */
  async upTo(length: number): Promise<Buffer> {
    const first = length === 0 ? undefined : await this.some(length)
    if (first === undefined) return Buffer.alloc(0)
    if (first.length === length) return first
    // Some streams use a chunk's memory again.
    const parts = [Buffer.from(first)]
    for (let left = length - first.length; left > 0; ) {
      const piece = await this.some(left)
      if (piece === undefined) break
      parts.push(Buffer.from(piece))
      left -= piece.length
    }
    return Buffer.concat(parts)
  }

  async close(): Promise<void> {
    await this.#iterator.return?.()
  }
}
