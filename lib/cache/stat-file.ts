// The stat cache's file: columns, since parsing JSON of 60,000 entries takes longer than the stats themselves.
import { crc32 } from 'node:zlib'

/** Entry i has paths[i], five numbers from i * 5 (size, mtimeMs, ctimeMs, ino, dev) and 32 bytes of sha256 from i * 32. */
export interface StatTable {
  readonly paths: readonly string[]
  readonly numbers: Float64Array
  readonly digests: Buffer
}

const MAGIC = 0x54534331
const HEADER = 12
const PER_ENTRY = 5 * 8 + 32

/** header: magic, crc32 of the rest, number of entries (32 bits each, little-endian); numbers; digests; paths joined by NUL. */
export function encodeStatFile(table: StatTable): Uint8Array {
  const { numbers } = table
  const body = Buffer.concat([
    Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength),
    table.digests,
    Buffer.from(table.paths.join('\0')),
  ])
  const header = Buffer.alloc(HEADER)
  header.writeUInt32LE(MAGIC, 0)
  header.writeUInt32LE(table.paths.length, 8)
  header.writeUInt32LE(crc32(body, table.paths.length), 4)
  return Buffer.concat([header, body])
}

/** The table in a file, or undefined if the file is damaged or of another machine's byte order. */
export function decodeStatFile(bytes: Buffer): StatTable | undefined {
  if (bytes.length < HEADER || bytes.readUInt32LE(0) !== MAGIC) return undefined
  const count = bytes.readUInt32LE(8)
  const body = bytes.subarray(HEADER)
  if (body.length < count * PER_ENTRY || crc32(body, count) !== bytes.readUInt32LE(4)) return undefined
  // Copied, since a Float64Array needs its own alignment.
  const numbers = new Float64Array(new Uint8Array(body.subarray(0, count * 40)).buffer)
  const text = body.toString('utf8', count * PER_ENTRY)
  const paths = count === 0 ? [] : text.split('\0')
  if (paths.length !== count) return undefined
  return { paths, numbers, digests: body.subarray(count * 40, count * PER_ENTRY) }
}
