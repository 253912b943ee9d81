import { pathToBytes } from '../paths/path-bytes.ts'

/**
 * A growing buffer: each number and each text is written once, at its final position, until the bytes go to a
 * file or into a hash. Numbers are little-endian on every machine.
 */
export class ByteWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(1024)
  /** A view of the same memory, which writes doubles several times as fast. */
  #view: DataView = new DataView(this.#bytes.buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  uint8(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  uint16(value: number): void {
    this.#reserve(2)
    this.#length = this.#bytes.writeUInt16LE(value, this.#length)
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32LE(value, this.#length)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  /** Writes UTF-8, or the bytes of a path that are not UTF-8 (see path-bytes.ts). */
  text(text: string): void {
    // A unit of UTF-16 is at most three bytes of UTF-8.
    this.#reserve(text.length * 3)
    if (text.isWellFormed()) this.#length += this.#bytes.write(text, this.#length)
    else this.copy(pathToBytes(text))
  }

  /** {@link text} after the number of its bytes, a {@link uint32}. */
  framedText(text: string): void {
    this.uint32(0)
    const start = this.#length
    this.text(text)
    this.#bytes.writeUInt32LE(this.#length - start, start - 4)
  }

  copy(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** The bytes written so far. Valid until the next write. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Forgets the bytes, and keeps the memory. */
  clear(): void {
    this.#length = 0
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#length + count, Math.ceil(this.#bytes.length * 1.5)))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
