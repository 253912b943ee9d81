// The format of files with records of thousands of paths: a magic text with a version, the records, and the
// CRC-32 of both.
import { crc32 } from 'node:zlib'
import { ByteWriter } from '../layers/index/byte-writer.ts'
import { asBuffer } from '../layers/paths/path-bytes.ts'

/** Bytes after which a writer of records should yield. */
export const CHUNK_SIZE: number = 64 * 1024
const CRC = 4

/**
 * Encodes a file in chunks. `write` writes records, and whenever it yields, its output so far becomes a chunk.
 * All chunks share one buffer, so that memory is bounded: a chunk is valid until the next one is requested.
 */
export function* encodeRecords(magic: string, write: (out: ByteWriter) => Iterable<void>): Generator<Uint8Array, void> {
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

/** The records as a view of the file's memory; undefined if the file is damaged or has another magic text. */
export function decodeRecords(magic: string, file: Uint8Array): Buffer | undefined {
  const bytes = asBuffer(file)
  const end = bytes.length - CRC
  if (end < magic.length || bytes.toString('latin1', 0, magic.length) !== magic) return undefined
  return crc32(bytes.subarray(0, end)) === bytes.readUInt32LE(end) ? bytes.subarray(magic.length, end) : undefined
}
