// The frame of files with notes about thousands of paths: what they are, with a version; the notes; the CRC-32 of all before.
import { crc32 } from 'node:zlib'
import { ByteWriter } from '../layers/index/byte-writer.ts'
import { asBuffer } from '../layers/paths/path-bytes.ts'

/** After so many bytes a note should pause. */
export const PIECE: number = 64 * 1024
const CRC = 4

/**
 * The file in pieces that share their memory, so that there never is more of it than one. `write` writes the notes; where it pauses, by a
 * yield, what it wrote so far is given out.
 */
export function* encodeNote(magic: string, write: (out: ByteWriter) => Iterable<void>): Generator<Uint8Array, void> {
  const out = new ByteWriter()
  let crc = 0
  const take = (): Uint8Array => {
    const bytes = out.bytes()
    crc = crc32(bytes, crc)
    out.clear()
    return bytes
  }
  out.copy(Buffer.from(magic, 'latin1'))
  for (const _ of write(out)) yield take()
  yield take()
  out.uint32(crc)
  yield take()
}

/** What was written, as a view of the same memory; undefined if the file is damaged, or is something else. */
export function decodeNote(magic: string, file: Uint8Array): Buffer | undefined {
  const bytes = asBuffer(file)
  const end = bytes.length - CRC
  if (end < magic.length || bytes.toString('latin1', 0, magic.length) !== magic) return undefined
  return crc32(bytes.subarray(0, end)) === bytes.readUInt32LE(end) ? bytes.subarray(magic.length, end) : undefined
}
