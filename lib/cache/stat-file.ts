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
export function encodeStatFile({ paths, numbers, digests }: StatTable): Uint8Array {
  const columns = [Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength), digests]
  const text = paths.reduce((sum, path) => sum + Buffer.byteLength(path) + 1, 0)
  // All in one: copies of it would be what a build needs most memory for.
  const bytes = Buffer.allocUnsafeSlow(HEADER + columns.reduce((sum, column) => sum + column.length, text))
  let at = HEADER
  for (const column of columns) at += column.copy(bytes, at)
  for (const path of paths) {
    at += bytes.write(path, at)
    bytes[at++] = 0
  }
  const body = bytes.subarray(HEADER, Math.max(HEADER, at - 1))
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(crc32(body, paths.length), 4)
  bytes.writeUInt32LE(paths.length, 8)
  return bytes.subarray(0, HEADER + body.length)
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
