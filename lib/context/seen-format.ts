// What was seen of a directory as bytes, in columns: 60,000 entries are read in some milliseconds.
import { crc32 } from 'node:zlib'
import { bytesToPath, pathToBytes } from '../layers/path-bytes.ts'
import { type ListedDirectory, STATUS_FIELDS } from './list-directory.ts'
import type { SeenFiles } from './seen-files.ts'

const MAGIC = Buffer.from('tsbuild seen files 1\n\0\0\0')
/** Magic, crc32 of the rest, number of directories and of names (32 bits each, little-endian), nothing. */
const HEADER = MAGIC.length + 16

/**
 * A note about what was seen, and what was seen: the header, the status of the root and of all entries, how many names each directory
 * has, and joined by NUL the note, the paths of the directories and the names.
 */
export function encodeSeen(note: string, seen: SeenFiles): Uint8Array {
  const directories = [...seen.directories.values()]
  const names = directories.flatMap((directory) => directory.names)
  const numbers = [seen.root, ...directories.map(({ status }) => status)].map(asBytes)
  const counts = Uint32Array.from(directories, (directory) => directory.names.length)
  const text = pathToBytes([note, ...seen.directories.keys(), ...names].join('\0'))
  const bytes = Buffer.concat([Buffer.alloc(HEADER), ...numbers, asBytes(counts), text])
  MAGIC.copy(bytes)
  bytes.writeUInt32LE(directories.length, MAGIC.length + 4)
  bytes.writeUInt32LE(names.length, MAGIC.length + 8)
  bytes.writeUInt32LE(crc32(bytes.subarray(MAGIC.length + 4)), MAGIC.length)
  return bytes
}

/** What {@link encodeSeen} was given; undefined for bytes that are damaged, or of a machine with another byte order. */
export function decodeSeen(bytes: Uint8Array): { readonly note: string; readonly seen: SeenFiles } | undefined {
  // Copied, since numbers need their own alignment.
  const buffer = Buffer.from(new Uint8Array(bytes).buffer)
  if (buffer.length < HEADER || !buffer.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  const crc = buffer.readUInt32LE(MAGIC.length)
  if (crc32(buffer.subarray(MAGIC.length + 4)) !== crc) return undefined
  const [count, total] = [buffer.readUInt32LE(MAGIC.length + 4), buffer.readUInt32LE(MAGIC.length + 8)]
  const numbers = new Float64Array(buffer.buffer, HEADER, (1 + total) * STATUS_FIELDS)
  const counts = new Uint32Array(buffer.buffer, HEADER + numbers.byteLength, count)
  const texts = bytesToPath(buffer, counts.byteOffset + counts.byteLength).split('\0')
  const directories = new Map<string, ListedDirectory>()
  let [name, at] = [1 + count, STATUS_FIELDS]
  for (let i = 0; i < count; i++) {
    const own = counts[i] ?? 0
    const names = texts.slice(name, name + own)
    directories.set(texts[1 + i] ?? '', { names, status: numbers.subarray(at, at + own * STATUS_FIELDS) })
    name += own
    at += own * STATUS_FIELDS
  }
  return { note: texts[0] ?? '', seen: { root: numbers.subarray(0, STATUS_FIELDS), directories } }
}

function asBytes({ buffer, byteOffset, byteLength }: Float64Array | Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
