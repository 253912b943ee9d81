// Reads one block of a tar header: ustar, GNU, star and the old Unix form, checksums verified.
import { TsbuildError } from '../../base/errors.ts'
import { bytesToPath } from '../paths/path-bytes.ts'
import { BLOCK } from './tar-format.ts'

/** A header block's fields as they are; names in the form of entry.ts but not cleaned. */
export interface RawHeader {
  readonly name: string
  readonly linkname: string
  /** The type flag's character code. */
  readonly flag: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly devMajor: number
  readonly devMinor: number
}

/** The header block at an offset; undefined if it is all zeros. Errors with `ARCHIVE_INVALID`. */
export function decodeHeader(block: Buffer, at: number): RawHeader | undefined {
  let sum = 8 * 0x20
  let high = 0
  for (let i = at; i < at + BLOCK; i++) {
    if (i === at + 148) i += 8
    const byte = block[i] as number
    sum += byte
    if (byte > 0x7f) high++
  }
  if (sum === 8 * 0x20 && isZero(block, at)) return undefined
  const expected = tarNumber(block, at + 148, 8, 'checksum')
  // Some old tars added up signed characters.
  if (expected !== sum && expected !== sum - 0x100 * high) throw invalid('checksum does not match')
  const magic = block.toString('latin1', at + 257, at + 265)
  const posix = magic.startsWith('ustar\0')
  const device = posix || magic === 'ustar  \0'
  return {
    name: posix ? posixName(block, at) : text(block, at, 100),
    linkname: text(block, at + 157, 100),
    flag: block[at + 156] as number,
    mode: tarNumber(block, at + 100, 8, 'mode'),
    uid: tarNumber(block, at + 108, 8, 'uid'),
    gid: tarNumber(block, at + 116, 8, 'gid'),
    size: tarNumber(block, at + 124, 12, 'size'),
    mtime: tarNumber(block, at + 136, 12, 'mtime'),
    devMajor: device ? tarNumber(block, at + 329, 8, 'device') : 0,
    devMinor: device ? tarNumber(block, at + 337, 8, 'device') : 0,
  }
}

/** Whether the bytes start with a tar header that is not the end marker. */
export function startsWithHeader(head: Buffer): boolean {
  if (head.length < BLOCK) return false
  try {
    return decodeHeader(head, 0) !== undefined
  } catch {
    return false
  }
}

function posixName(block: Buffer, at: number): string {
  const name = text(block, at, 100)
  if (block[at + 345] === 0) return name
  const star = block.toString('latin1', at + 508, at + 512) === 'tar\0'
  return `${text(block, at + 345, star ? 131 : 155)}/${name}`
}

function text(block: Buffer, at: number, width: number): string {
  let end = at
  while (end < at + width && block[end] !== 0) end++
  return bytesToPath(block, at, end)
}

/** A field's number: octal digits between spaces and NULs, or GNU's base-256. Errors with `ARCHIVE_INVALID`. */
export function tarNumber(block: Buffer, at: number, width: number, field: string): number {
  const first = block[at] as number
  if (first & 0x80) return base256(block, at, width, field)
  let i = at
  let end = at + width
  while (i < end && block[i] === 0x20) i++
  while (end > i && (block[end - 1] === 0x20 || block[end - 1] === 0)) end--
  let value = 0
  for (; i < end; i++) {
    const digit = (block[i] as number) - 0x30
    // Bytes after a NUL are not part of the field.
    if (digit === -0x30) break
    if (digit < 0 || digit > 7) throw invalid(`${field} is not a number`)
    value = value * 8 + digit
  }
  return value
}

/** A two's complement number whose first bit only marks the encoding. */
function base256(block: Buffer, at: number, width: number, field: string): number {
  const first = block[at] as number
  let value = first & 0x40 ? first - 0x100 : first & 0x7f
  for (let i = at + 1; i < at + width; i++) {
    value = value * 0x100 + (block[i] as number)
    if (!Number.isSafeInteger(value)) throw invalid(`${field} is out of range`)
  }
  return value
}

function isZero(block: Buffer, at: number): boolean {
  for (let i = at; i < at + BLOCK; i++) if (block[i] !== 0) return false
  return true
}

function invalid(what: string): TsbuildError {
  return new TsbuildError('ARCHIVE_INVALID', `invalid tar header: ${what}`)
}
