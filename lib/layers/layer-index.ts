// Layer indexes as bytes, in columns: a layer of 60,000 entries is read in some tens of milliseconds.
import { crc32 } from 'node:zlib'
import type { EntryType, LayerEntry, LayerIndex } from './entry.ts'
import { asBuffer, bytesToPath, pathToBytes } from './path-bytes.ts'
import { extentsOf } from './sparse-map.ts'

/** The kind of derived data that a store keeps indexes as, by diffID. */
export const INDEX_KIND = 'index'

const VERSION = 1
const MAGIC = Buffer.from(`tsbuild layer index ${VERSION}\n`, 'latin1')
const HEAD = MAGIC.length + 4
const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'fifo', 'character', 'block']
/** Per entry: type, mode, uid, gid, mtime, size, offset. */
const RECORD = 1 + 2 + 4 + 4 + 8 + 8 + 8
const SHA256 = 32

/** What few entries have, as JSON: `[position, value]`. */
interface Rare {
  readonly xattrs: readonly (readonly [number, Readonly<Record<string, string>>])[]
  readonly devices: readonly (readonly [number, number, number])[]
  /** Offsets and lengths in turn, of files with holes. */
  readonly sparse?: readonly (readonly [number, readonly number[]])[]
}

/**
 * The index as bytes: magic and version, CRC-32 of the rest, then the size of the tar, counts, fixed-size records, the hashes of the
 * files that have one, paths and link targets (each ending in NUL), and JSON for what is rare.
 */
export function encodeLayerIndex(index: LayerIndex): Uint8Array {
  const { entries } = index
  const records = Buffer.allocUnsafe(entries.length * RECORD)
  const hashed = Buffer.alloc(Math.ceil(entries.length / 8))
  const hashes: string[] = []
  const paths: string[] = []
  const links: string[] = []
  const xattrs: [number, Record<string, string>][] = []
  const devices: [number, number, number][] = []
  const sparse: [number, number[]][] = []
  entries.forEach((entry, i) => {
    let at = i * RECORD
    at = records.writeUInt8(TYPES.indexOf(entry.type), at)
    at = records.writeUInt16LE(entry.mode, at)
    at = records.writeUInt32LE(entry.uid, at)
    at = records.writeUInt32LE(entry.gid, at)
    at = records.writeDoubleLE(entry.mtime, at)
    at = records.writeDoubleLE(entry.size, at)
    records.writeDoubleLE(entry.offset, at)
    paths.push(entry.path)
    if (isLink(entry.type)) links.push(entry.linkname ?? '')
    if (entry.sha256 !== undefined) {
      hashed[i >>> 3] = (hashed[i >>> 3] as number) | (1 << (i & 7))
      hashes.push(entry.sha256)
    }
    if (entry.xattrs !== undefined) xattrs.push([i, mapValues(entry.xattrs, (v) => asBuffer(v).toString('base64'))])
    if (entry.sparse !== undefined) sparse.push([i, entry.sparse.flatMap(({ start, length }) => [start, length])])
    if (hasDevice(entry.type)) devices.push([i, entry.devMajor ?? 0, entry.devMinor ?? 0])
  })
  const rare: Rare = { xattrs, devices, ...(sparse.length > 0 && { sparse }) }
  const sections = [
    records,
    hashed,
    Buffer.from(hashes.join(''), 'hex'),
    joinNames(paths),
    joinNames(links),
    Buffer.from(JSON.stringify(rare), 'utf8'),
  ]
  const sizes = Buffer.alloc(8 * (2 + sections.length))
  for (const [i, n] of [index.size, entries.length, ...sections.map((s) => s.length)].entries()) {
    sizes.writeDoubleLE(n, i * 8)
  }
  const body = Buffer.concat([sizes, ...sections])
  const crc = Buffer.alloc(4)
  crc.writeUInt32LE(crc32(body))
  return Buffer.concat([MAGIC, crc, body])
}

/** The index that bytes of {@link encodeLayerIndex} hold; undefined for bytes that are damaged or of another version. */
export function decodeLayerIndex(bytes: Uint8Array): LayerIndex | undefined {
  const buffer = asBuffer(bytes)
  if (buffer.length < HEAD || buffer.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0) return undefined
  const body = buffer.subarray(HEAD)
  if (crc32(body) !== buffer.readUInt32LE(MAGIC.length)) return undefined
  // From here on the bytes are as they were written.
  let at = 0
  const number = (): number => body.readDoubleLE((at += 8) - 8)
  const [size, count] = [number(), number()]
  const lengths = [number(), number(), number(), number(), number(), number()]
  const [records, hashed, hashes, paths, links, rare] = lengths.map((length) => body.subarray(at, (at += length)))
  if (!records || !hashed || !hashes || !paths || !links || !rare) return undefined
  return { size, entries: decodeEntries(count, records, hashed, hashes, splitNames(paths), splitNames(links), rare) }
}

function decodeEntries(
  count: number,
  records: Buffer,
  hashed: Buffer,
  hashBytes: Buffer,
  paths: readonly string[],
  links: readonly string[],
  rareBytes: Buffer,
): readonly LayerEntry[] {
  const hashes = hashBytes.toString('hex')
  const rare = JSON.parse(rareBytes.toString('utf8')) as Rare
  const xattrs = new Map(rare.xattrs)
  const maps = new Map(rare.sparse)
  const devices = new Map(rare.devices.map(([i, major, minor]) => [i, { major, minor }]))
  const entries: LayerEntry[] = []
  let hash = 0
  let link = 0
  for (let i = 0; i < count; i++) {
    const at = i * RECORD
    const type = TYPES[records[at] as number] ?? 'file'
    const known = xattrs.get(i)
    const device = devices.get(i)
    const numbers = maps.get(i)
    entries.push({
      path: paths[i] ?? '',
      type,
      mode: records.readUInt16LE(at + 1),
      uid: records.readUInt32LE(at + 3),
      gid: records.readUInt32LE(at + 7),
      mtime: records.readDoubleLE(at + 11),
      size: records.readDoubleLE(at + 19),
      linkname: isLink(type) ? links[link++] : undefined,
      xattrs: known && mapValues(known, (v) => Buffer.from(v, 'base64')),
      devMajor: device?.major,
      devMinor: device?.minor,
      offset: records.readDoubleLE(at + 27),
      sha256: (hashed[i >>> 3] as number) & (1 << (i & 7)) ? sliceHash(hashes, hash++) : undefined,
      sparse: numbers && extentsOf(numbers),
    })
  }
  return entries
}

function sliceHash(hashes: string, i: number): string {
  return hashes.slice(i * SHA256 * 2, (i + 1) * SHA256 * 2)
}

function joinNames(names: readonly string[]): Buffer {
  return names.length === 0 ? Buffer.alloc(0) : pathToBytes(`${names.join('\0')}\0`)
}

function splitNames(bytes: Buffer): readonly string[] {
  return bytesToPath(bytes).split('\0')
}

function isLink(type: EntryType): boolean {
  return type === 'symlink' || type === 'hardlink'
}

function hasDevice(type: EntryType): boolean {
  return type === 'character' || type === 'block'
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
