import { crc32 } from 'node:zlib'
import type { LayerEntry, LayerIndex } from '../entry.ts'
import { asBuffer, bytesToPath } from '../paths/path-bytes.ts'
import { extentsOf } from '../tar/sparse-map.ts'
import { SHA256 } from './digest-column.ts'
import { HEAD, isLink, MAGIC, type Rare, RECORD, TYPES } from './index-format.ts'
import { IndexWriter } from './index-writer.ts'

/** The kind of derived data that a store keeps indexes as, by diffID. */
export const INDEX_KIND = 'index'

/** The index as bytes in the form of index-format.ts, in pieces. */
export function encodeLayerIndex({ entries, size }: LayerIndex): readonly Uint8Array[] {
  const writer = new IndexWriter()
  for (const entry of entries) writer.add(entry, entry.offset, entry.sha256, entry.sparse)
  return writer.encode(size)
}

/** The index in bytes of {@link encodeLayerIndex}; undefined for bytes that are damaged or of another version. */
export function decodeLayerIndex(bytes: Uint8Array): LayerIndex | undefined {
  const buffer = asBuffer(bytes)
  if (buffer.length < HEAD || buffer.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0) return undefined
  const body = buffer.subarray(HEAD)
  if (crc32(body) !== buffer.readUInt32LE(MAGIC.length)) return undefined
  // The checksum proves that the bytes from here on are as they were written.
  let at = 0
  const number = (): number => body.readDoubleLE((at += 8) - 8)
  const [size, count] = [number(), number()]
  const lengths = [number(), number(), number(), number(), number(), number()]
  const [records, hashed, hashes, paths, links, rare] = lengths.map((length) => body.subarray(at, (at += length)))
  if (!records || !hashed || !hashes || !paths || !links || !rare) return undefined
  return { size, entries: decodeEntries(count, { records, hashed, hashes, paths, links, rare }) }
}

/** The parts of an index, in their order. */
type Parts = Readonly<Record<'records' | 'hashed' | 'hashes' | 'paths' | 'links' | 'rare', Buffer>>

function decodeEntries(count: number, parts: Parts): readonly LayerEntry[] {
  const { records, hashed } = parts
  const [paths, links] = [splitNames(parts.paths), splitNames(parts.links)]
  const hashes = parts.hashes.toString('hex')
  const rare = JSON.parse(parts.rare.toString('utf8')) as Rare
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

function splitNames(bytes: Buffer): readonly string[] {
  return bytesToPath(bytes).split('\0')
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
