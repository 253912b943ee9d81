// What was seen of a directory as bytes: 60,000 entries are written and read in some milliseconds, a directory at a time.
import type { ByteWriter } from '../layers/index/byte-writer.ts'
import { bytesToPath } from '../layers/paths/path-bytes.ts'
import type { SeenFiles } from './directory-snapshot.ts'
import { type ListedDirectory, STATUS_FIELDS } from './list-directory.ts'
import { decodeNote, encodeNote, PIECE } from './record-format.ts'

const MAGIC = 'tsbuild seen files 2\n'

/**
 * A note about what was seen, and what was seen, in pieces (see {@link encodeNote}): the note, the status of the root, and for each directory its
 * path, how many names it has, the names joined by NUL, and the status of each. Texts are framed by their length.
 */
export function encodeSeen(note: string, seen: SeenFiles): Iterable<Uint8Array> {
  return encodeNote(MAGIC, function* (out) {
    out.framedText(note)
    addNumbers(out, seen.root, 0, STATUS_FIELDS)
    for (const [path, { names, status }] of seen.directories) {
      out.framedText(path)
      out.uint32(names.length)
      out.framedText(names.join('\0'))
      for (let at = 0; at < status.length; at += STATUS_FIELDS) {
        addNumbers(out, status, at, STATUS_FIELDS)
        if (out.length >= PIECE) yield
      }
    }
  })
}

function addNumbers(out: ByteWriter, numbers: Float64Array, start: number, count: number): void {
  for (let at = start; at < start + count; at++) out.double(numbers[at] as number)
}

/** What {@link encodeSeen} was given; undefined for bytes that are damaged or of another version. Directories are decoded as they are asked for. */
export function decodeSeen(bytes: Uint8Array): { readonly note: string; readonly seen: SeenFiles } | undefined {
  const body = decodeNote(MAGIC, bytes)
  if (!body) return undefined
  // From here on the bytes are as they were written.
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
  return { note, seen: { root, directories: { [Symbol.iterator]: directories } } }
}
