// The file format of directory snapshots. 60,000 entries are written and read in a few milliseconds, a
// directory at a time.
import type { ByteWriter } from '../layers/index/byte-writer.ts'
import { bytesToPath } from '../layers/paths/path-bytes.ts'
import type { DirectorySnapshot } from './directory-snapshot.ts'
import { type ListedDirectory, STATUS_FIELDS } from './list-directory.ts'
import { CHUNK_SIZE, decodeRecords, encodeRecords } from './record-format.ts'

const MAGIC = 'tsbuild seen files 2\n'

/**
 * Encodes a snapshot with a note, in chunks (see {@link encodeRecords}): the note, the status of the root, and
 * for each directory its path, the number of names, the names joined by NUL, and their statuses. Texts are
 * prefixed with their length.
 */
export function encodeSnapshot(note: string, snapshot: DirectorySnapshot): Iterable<Uint8Array> {
  return encodeRecords(MAGIC, function* (out) {
    out.framedText(note)
    addNumbers(out, snapshot.root, 0, STATUS_FIELDS)
    for (const [path, { names, status }] of snapshot.directories) {
      out.framedText(path)
      out.uint32(names.length)
      out.framedText(names.join('\0'))
      for (let at = 0; at < status.length; at += STATUS_FIELDS) {
        addNumbers(out, status, at, STATUS_FIELDS)
        if (out.length >= CHUNK_SIZE) yield
      }
    }
  })
}

function addNumbers(out: ByteWriter, numbers: Float64Array, start: number, count: number): void {
  for (let at = start; at < start + count; at++) out.double(numbers[at] as number)
}

/**
 * Decodes a snapshot; undefined if the bytes are damaged or of another version. Directories are decoded during
 * iteration.
 */
export function decodeSnapshot(
  bytes: Uint8Array,
): { readonly note: string; readonly snapshot: DirectorySnapshot } | undefined {
  const body = decodeRecords(MAGIC, bytes)
  if (!body) return undefined
  // The checksum was right, so the bytes are as they were written.
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  let at = 0
  const uint32 = (): number => view.getUint32((at += 4) - 4, true)
  const text = (): string => {
    const end = uint32() + at
    return bytesToPath(body, at, (at = end))
  }
  const numbers = (count: number): Float64Array => {
    const read = new Float64Array(count)
    for (let i = 0; i < count; i++, at += 8) read[i] = view.getFloat64(at, true)
    return read
  }
  const note = text()
  const root = numbers(STATUS_FIELDS)
  const start = at
  const directories = function* (): Generator<readonly [string, ListedDirectory], void> {
    at = start
    while (at < body.length) {
      const path = text()
      const count = uint32()
      const names = text()
      yield [path, { names: count === 0 ? [] : names.split('\0'), status: numbers(count * STATUS_FIELDS) }]
    }
  }
  return { note, snapshot: { root, directories: { [Symbol.iterator]: directories } } }
}
