import { createHash, type Hash } from 'node:crypto'
import { ByteWriter } from '../index/byte-writer.ts'
import type { ChunkIdentity } from './packed-chunks.ts'

/** Bytes that are collected before they are hashed: hashing many short pieces one by one takes longer. */
const PIECE = 64 * 1024

/**
 * Gives each chunk of one tar a key made of the headers of its entries and the digests of their contents, which
 * are known anyway: the bytes are not hashed again.
 */
export class ChunkIdentities {
  #hash: Hash = createHash('sha256')
  /** Bytes that are yet to be hashed. */
  readonly #pending = new ByteWriter()
  /** The header and, if it was known before, the digest of the large entry that is being read. */
  #large: { readonly header: Uint8Array; readonly sha256: string | undefined } | undefined
  /** Chunks that end within the large entry, whose digest will be known at its end. */
  #waiting: { readonly identity: ChunkIdentity; readonly hash: Hash; readonly at: number }[] = []

  /** Adds an entry that is whole in the current chunk. */
  add(header: Uint8Array, sha256: string | undefined): void {
    this.#pending.copy(header)
    if (sha256 !== undefined) this.#pending.text(sha256)
    if (this.#pending.length >= PIECE) this.#flush()
  }

  /** An entry of several chunks begins. */
  begin(header: Uint8Array, sha256: string | undefined): void {
    this.#flush()
    this.#large = { header: Buffer.from(header), sha256 }
  }

  /** The entry of several chunks ends in the current chunk. */
  end(sha256: string | undefined): void {
    const { header = new Uint8Array(0) } = this.#large ?? {}
    for (const { identity, hash, at } of this.#waiting) identity.key = partKey(hash, header, sha256, at)
    this.#waiting = []
    this.#large = undefined
    this.#flush()
    this.#hash
      .update('end')
      .update(header)
      .update(sha256 ?? '')
  }

  /**
   * Ends the current chunk. `at` is the position in the entry that the cut divides, so that its chunks get
   * different keys.
   */
  next(at = 0): ChunkIdentity {
    this.#flush()
    const hash = this.#hash
    this.#hash = createHash('sha256')
    const identity: ChunkIdentity = { key: undefined }
    if (!this.#large) identity.key = hash.update(`|${at}`).digest('base64')
    else if (this.#large.sha256 !== undefined) identity.key = partKey(hash, this.#large.header, this.#large.sha256, at)
    else this.#waiting.push({ identity, hash, at })
    return identity
  }

  #flush(): void {
    this.#hash.update(this.#pending.bytes())
    this.#pending.clear()
  }
}

function partKey(hash: Hash, header: Uint8Array, sha256: string | undefined, at: number): string {
  return hash.update('part').update(header).update(`${sha256}|${at}`).digest('base64')
}
