import { asBuffer } from '../paths/path-bytes.ts'
import { startsWithHeader } from '../tar/decode-header.ts'

export type ArchiveCompression = 'gzip' | 'bzip2' | 'xz' | 'zstd'

/** Bytes that {@link detectCompression} wants to see, if there are as many. */
export const DETECT_LENGTH = 512

/**
 * How bytes that start so are compressed, by their magic; undefined if they aren't. A tar is plain, even if its
 * first name looks like magic.
 */
export function detectCompression(head: Uint8Array): ArchiveCompression | undefined {
  const bytes = asBuffer(head)
  const start = bytes.toString('latin1', 0, 6)
  const magic =
    MAGIC.find(([prefix]) => start.startsWith(prefix))?.[1] ?? (isSkippableFrame(bytes) ? 'zstd' : undefined)
  return magic !== undefined && startsWithHeader(bytes) ? undefined : magic
}

const MAGIC: readonly (readonly [string, ArchiveCompression])[] = [
  ['\x1f\x8b\x08', 'gzip'],
  ['BZh', 'bzip2'],
  ['\xfd7zXZ\0', 'xz'],
  ['\x28\xb5\x2f\xfd', 'zstd'],
]

/** zstd streams may start with frames that hold no data (RFC 8878, 3.1.2). */
function isSkippableFrame(bytes: Buffer): boolean {
  return bytes.length >= 4 && (bytes.readUInt32LE(0) & 0xffff_fff0) >>> 0 === 0x184d_2a50
}
