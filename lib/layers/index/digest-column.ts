/** Bytes of a sha256. */
export const SHA256 = 32

/**
 * The sha256 of contents, by the index of the entry. Bytes take a third of the memory of strings, and give the
 * garbage collector no work.
 */
export class DigestColumn {
  /** 32 bytes for each entry, known or not, so that an index leads to them. */
  #bytes: Buffer = Buffer.allocUnsafeSlow(SHA256 * 64)
  #known: Buffer = Buffer.alloc(64)
  #count = 0

  has(at: number): boolean {
    return ((this.#known[at >>> 3] ?? 0) & (1 << (at & 7))) !== 0
  }

  /** `sha256` is the digest as hex, or as bytes. */
  set(at: number, sha256: string | Uint8Array): void {
    if (sha256.length !== (typeof sha256 === 'string' ? 2 * SHA256 : SHA256)) throw new Error('bug: that is no sha256')
    this.#bytes = grown(this.#bytes, (at + 1) * SHA256)
    if (typeof sha256 === 'string') this.#bytes.write(sha256, at * SHA256, 'hex')
    else this.#bytes.set(sha256, at * SHA256)
    if (this.has(at)) return
    this.#known = grown(this.#known, (at >>> 3) + 1)
    this.#known[at >>> 3] = (this.#known[at >>> 3] as number) | (1 << (at & 7))
    this.#count++
  }

  /** A view of the digest's bytes, valid until the next {@link set}. */
  bytes(at: number): Uint8Array | undefined {
    return this.has(at) ? this.#bytes.subarray(at * SHA256, (at + 1) * SHA256) : undefined
  }

  hex(at: number): string | undefined {
    return this.has(at) ? this.#bytes.toString('hex', at * SHA256, (at + 1) * SHA256) : undefined
  }

  /** A bit for each of so many entries: whether there is a digest. */
  known(entries: number): Uint8Array {
    const length = Math.ceil(entries / 8)
    this.#known = grown(this.#known, length)
    return this.#known.subarray(0, length)
  }

  /** The digests that there are, one after the other. */
  packed(entries: number): Uint8Array {
    const packed = Buffer.allocUnsafeSlow(this.#count * SHA256)
    let end = 0
    for (let at = 0; at < entries; at++) {
      if (this.has(at)) end += this.#bytes.copy(packed, end, at * SHA256, (at + 1) * SHA256)
    }
    return packed
  }
}

/** The buffer, or a larger one with the same beginning and zeros behind, that has room for so many bytes. */
function grown(buffer: Buffer, length: number): Buffer {
  if (length <= buffer.length) return buffer
  const larger = Buffer.alloc(Math.max(length, Math.ceil(buffer.length * 1.5)))
  buffer.copy(larger)
  return larger
}
