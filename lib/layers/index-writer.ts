// A layer's index, written as bytes while the layer is: objects for 60,000 entries would take four times the memory until its end.
import { crc32 } from 'node:zlib'
import type { Entry } from './entry.ts'
import { HEAD, hasDevice, isLink, MAGIC, type Rare, RECORD, SHA256, TYPES } from './index-format.ts'
import { asBuffer, pathToBytes } from './path-bytes.ts'
import type { SparseMap } from './sparse-map.ts'

/** Adds entries in the order of the tar, and gives the bytes of index-format.ts. */
export class IndexWriter {
  #count = 0
  #records: Buffer = Buffer.allocUnsafeSlow(RECORD * 64)
  /** A place for each entry, so that they can be looked up. */
  #hashes: Buffer = Buffer.alloc(SHA256 * 64)
  #hashed: Buffer = Buffer.alloc(64)
  #hashCount = 0
  readonly #paths = new Names()
  readonly #links = new Names()
  readonly #xattrs: [number, Record<string, string>][] = []
  readonly #devices: [number, number, number][] = []
  readonly #sparse: [number, number[]][] = []

  /** `offset` is that of the content in the tar, `sha256` that of the content as hex, where it is known. `sparse` is where the data are of a file with holes. */
  add(entry: Entry, offset: number, sha256: string | undefined, sparse?: SparseMap): void {
    const i = this.#count++
    this.#records = grown(this.#records, i * RECORD, RECORD)
    const records = this.#records
    let at = i * RECORD
    at = records.writeUInt8(TYPES.indexOf(entry.type), at)
    at = records.writeUInt16LE(entry.mode & 0o7777, at)
    at = records.writeUInt32LE(entry.uid, at)
    at = records.writeUInt32LE(entry.gid, at)
    at = records.writeDoubleLE(entry.mtime, at)
    at = records.writeDoubleLE(entry.size, at)
    records.writeDoubleLE(offset, at)
    this.#paths.add(entry.path)
    if (isLink(entry.type)) this.#links.add(entry.linkname ?? '')
    if (entry.xattrs !== undefined) this.#xattrs.push([i, asBase64(entry.xattrs)])
    if (sparse !== undefined) this.#sparse.push([i, sparse.flatMap(({ start, length }) => [start, length])])
    if (hasDevice(entry.type)) this.#devices.push([i, entry.devMajor ?? 0, entry.devMinor ?? 0])
    this.#hashed = grown(this.#hashed, i >>> 3, 1)
    if (sha256 === undefined) return
    this.#hashed[i >>> 3] = (this.#hashed[i >>> 3] as number) | (1 << (i & 7))
    this.#hashCount++
    this.#hashes = grown(this.#hashes, i * SHA256, SHA256)
    this.#hashes.write(sha256, i * SHA256, 'hex')
  }

  /** The sha256 of an entry's content as hex, where it is known. */
  sha256(i: number): string | undefined {
    return this.#isHashed(i) ? this.#hashes.toString('hex', i * SHA256, (i + 1) * SHA256) : undefined
  }

  /** The index of a tar of `size` bytes. */
  encode(size: number): Uint8Array {
    const sparse = this.#sparse
    const rare: Rare = { xattrs: this.#xattrs, devices: this.#devices, ...(sparse.length > 0 && { sparse }) }
    const sections = [
      this.#records.subarray(0, this.#count * RECORD),
      this.#hashed.subarray(0, Math.ceil(this.#count / 8)),
      this.#hashCount * SHA256,
      this.#paths.bytes(),
      this.#links.bytes(),
      Buffer.from(JSON.stringify(rare), 'utf8'),
    ]
    const lengths = sections.map((section) => (typeof section === 'number' ? section : section.length))
    const start = HEAD + 8 * (2 + lengths.length)
    const bytes = Buffer.allocUnsafeSlow(lengths.reduce((sum, length) => sum + length, start))
    MAGIC.copy(bytes)
    for (const [i, n] of [size, this.#count, ...lengths].entries()) bytes.writeDoubleLE(n, HEAD + i * 8)
    let at = start
    for (const section of sections)
      at = typeof section === 'number' ? this.#copyHashes(bytes, at) : at + section.copy(bytes, at)
    bytes.writeUInt32LE(crc32(bytes.subarray(HEAD)), MAGIC.length)
    return bytes
  }

  #isHashed(i: number): boolean {
    return ((this.#hashed[i >>> 3] ?? 0) & (1 << (i & 7))) !== 0
  }

  #copyHashes(bytes: Buffer, start: number): number {
    let at = start
    for (let i = 0; i < this.#count; i++) {
      if (this.#isHashed(i)) at += this.#hashes.copy(bytes, at, i * SHA256, (i + 1) * SHA256)
    }
    return at
  }
}

/** Names one after the other, each ending in NUL. */
class Names {
  #bytes: Buffer = Buffer.allocUnsafeSlow(1024)
  #length = 0

  add(name: string): void {
    // A unit of UTF-16 is at most three bytes of UTF-8.
    this.#bytes = grown(this.#bytes, this.#length, name.length * 3 + 1)
    this.#length += name.isWellFormed()
      ? this.#bytes.write(name, this.#length, 'utf8')
      : pathToBytes(name).copy(this.#bytes, this.#length)
    this.#bytes[this.#length++] = 0
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }
}

/** The buffer, or a larger one with the same beginning and zeros behind, that has room for so many bytes at an offset. */
function grown(buffer: Buffer, at: number, length: number): Buffer {
  if (at + length <= buffer.length) return buffer
  const larger = Buffer.alloc(Math.max(at + length, Math.ceil(buffer.length * 1.5)))
  buffer.copy(larger)
  return larger
}

function asBase64(xattrs: Readonly<Record<string, Uint8Array>>): Record<string, string> {
  return Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [name, asBuffer(value).toString('base64')]))
}
