/** Buffers of one size that are used again: a hot loop that allocates none has steady memory. */
export class BufferPool {
  readonly #size: number
  readonly #free: Buffer[] = []

  constructor(size: number) {
    this.#size = size
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#size)
  }

  release(buffer: Buffer): void {
    this.#free.push(buffer)
  }
}
