// A layer's index, written as bytes while the layer is: objects for 60,000 entries would take four times the
// memory until its end.
import { crc32 } from 'node:zlib'
import type { Entry } from '../entry.ts'
import { asBuffer } from '../paths/path-bytes.ts'
import type { SparseMap } from '../tar/sparse-map.ts'
import { ByteWriter } from './byte-writer.ts'
import { DigestColumn } from './digest-column.ts'
import { HEAD, hasDevice, isLink, MAGIC, type Rare, TYPES } from './index-format.ts'

/** Adds entries in the order of the tar, and gives the bytes of index-format.ts. */
export class IndexWriter {
  /** The digests of the contents that are known. */
  readonly digests: DigestColumn = new DigestColumn()
  #count = 0
  readonly #records = new ByteWriter()
  readonly #paths = new ByteWriter()
  readonly #links = new ByteWriter()
  readonly #xattrs: [number, Record<string, string>][] = []
  readonly #devices: [number, number, number][] = []
  readonly #sparse: [number, number[]][] = []

  /**
   * `offset` is the position of the content in the tar, `sha256` its digest as hex, if known, and `sparse` the
   * map of a file with holes.
   */
  add(entry: Entry, offset: number, sha256: string | undefined, sparse?: SparseMap): void {
    const i = this.#count++
    const records = this.#records
    records.uint8(TYPES.indexOf(entry.type))
    records.uint16(entry.mode & 0o7777)
    records.uint32(entry.uid)
    records.uint32(entry.gid)
    records.double(entry.mtime)
    records.double(entry.size)
    records.double(offset)
    addName(this.#paths, entry.path)
    if (isLink(entry.type)) addName(this.#links, entry.linkname ?? '')
    if (entry.xattrs !== undefined) this.#xattrs.push([i, asBase64(entry.xattrs)])
    if (sparse !== undefined) this.#sparse.push([i, sparse.flatMap(({ start, length }) => [start, length])])
    if (hasDevice(entry.type)) this.#devices.push([i, entry.devMajor ?? 0, entry.devMinor ?? 0])
    if (sha256 !== undefined) this.digests.set(i, sha256)
  }

  /** The index of a tar of `size` bytes, in pieces: joining them would need the memory twice. */
  encode(size: number): readonly Uint8Array[] {
    const sparse = this.#sparse
    const rare: Rare = { xattrs: this.#xattrs, devices: this.#devices, ...(sparse.length > 0 && { sparse }) }
    const sections = [
      this.#records.bytes(),
      this.digests.known(this.#count),
      this.digests.packed(this.#count),
      this.#paths.bytes(),
      this.#links.bytes(),
      Buffer.from(JSON.stringify(rare), 'utf8'),
    ]
    const numbers = new ByteWriter()
    for (const n of [size, this.#count, ...sections.map(({ length }) => length)]) numbers.double(n)
    const body = [numbers.bytes(), ...sections]
    const head = Buffer.alloc(HEAD)
    MAGIC.copy(head)
    head.writeUInt32LE(
      body.reduce((crc, bytes) => crc32(bytes, crc), 0),
      MAGIC.length,
    )
    return [head, ...body]
  }
}

/** Names come one after the other, each ending in NUL. */
function addName(names: ByteWriter, name: string): void {
  names.text(name)
  names.uint8(0)
}

function asBase64(xattrs: Readonly<Record<string, Uint8Array>>): Record<string, string> {
  return Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [name, asBuffer(value).toString('base64')]))
}
