// Writes tar headers: ustar where that can hold everything, preceded by a pax extended header where it can't.
// Byte for byte deterministic.
import { TsbuildError } from '../../base/errors.ts'
import { baseName } from '../../base/paths.ts'
import { unreachable } from '../../base/unreachable.ts'
import type { Entry, EntryType } from '../entry.ts'
import { pathToBytes } from '../paths/path-bytes.ts'
import { encodePax } from './pax-records.ts'
import { BLOCK, paddingOf } from './tar-format.ts'

const NAME = 100
const PREFIX = 155
const ZERO = 0x30
const MAX_OCTAL_ID = 0o7777777
const MAX_OCTAL_SIZE = 0o77777777777

const TEMPLATE: Buffer = Buffer.alloc(BLOCK)
for (const at of [100, 108, 116, 329, 337]) TEMPLATE.write('0000000\0', at, 'latin1')
for (const at of [124, 136]) TEMPLATE.write('00000000000\0', at, 'latin1')
TEMPLATE.write('ustar\x0000', 257, 'latin1')

/**
 * A function that encodes an entry's header blocks: one block of ustar, preceded by pax blocks if need be. The
 * buffer that it returns is valid until the next call. Errors with `ARCHIVE_INVALID` for names with NUL bytes.
 */
export function createHeaderEncoder(): (entry: Entry) => Buffer {
  const block = Buffer.allocUnsafeSlow(BLOCK)
  return (entry) => {
    const records = writeBlock(block, entry)
    return records === undefined ? block : withPax(block, entry, records)
  }
}

type Records = Map<string, Buffer> | undefined

function writeBlock(block: Buffer, entry: Entry): Records {
  let records: Records
  TEMPLATE.copy(block)
  const path = entry.type === 'directory' ? (entry.path === '' ? './' : `${entry.path}/`) : entry.path
  if (!writeAscii(block, 0, path, NAME) && !writeSplit(block, path)) {
    records = note(records, 'path', nameBytes(path))
    writeFallback(block, 0, path)
  }
  const linkname = entry.linkname
  if (linkname !== undefined && !writeAscii(block, 157, linkname, NAME)) {
    records = note(records, 'linkpath', nameBytes(linkname))
    writeFallback(block, 157, linkname)
  }
  writeOctal(block, 100, entry.mode & 0o7777, 7)
  if (entry.uid <= MAX_OCTAL_ID) writeOctal(block, 108, entry.uid, 7)
  else records = note(records, 'uid', Buffer.from(String(entry.uid)))
  if (entry.gid <= MAX_OCTAL_ID) writeOctal(block, 116, entry.gid, 7)
  else records = note(records, 'gid', Buffer.from(String(entry.gid)))
  if (entry.size <= MAX_OCTAL_SIZE) writeOctal(block, 124, entry.size, 11)
  else records = note(records, 'size', Buffer.from(String(entry.size)))
  const seconds = Math.floor(entry.mtime)
  if (seconds >= 0 && seconds <= MAX_OCTAL_SIZE) writeOctal(block, 136, seconds, 11)
  if (seconds !== entry.mtime || seconds < 0 || seconds > MAX_OCTAL_SIZE) {
    records = note(records, 'mtime', Buffer.from(formatTime(entry.mtime)))
  }
  block[156] = typeFlag(entry.type)
  if (entry.devMajor) writeOctal(block, 329, entry.devMajor, 7)
  if (entry.devMinor) writeOctal(block, 337, entry.devMinor, 7)
  for (const [name, value] of Object.entries(entry.xattrs ?? {})) {
    records = note(records, `SCHILY.xattr.${name}`, Buffer.from(value))
  }
  writeChecksum(block)
  return records
}

function withPax(block: Buffer, entry: Entry, records: ReadonlyMap<string, Buffer>): Buffer {
  const body = encodePax(records)
  const header = Buffer.from(TEMPLATE)
  writeFallback(header, 0, `PaxHeaders.0/${baseName(entry.path)}`)
  writeOctal(header, 100, 0o644, 7)
  writeOctal(header, 124, body.length, 11)
  header[156] = 0x78
  writeChecksum(header)
  return Buffer.concat([header, body, Buffer.alloc(paddingOf(body.length)), block])
}

function note(records: Records, key: string, value: Buffer): Map<string, Buffer> {
  return (records ?? new Map<string, Buffer>()).set(key, value)
}

/** Writes ASCII text that fits. Returns false for any other text, having written a part of it. */
function writeAscii(block: Buffer, at: number, text: string, width: number): boolean {
  const length = text.length
  if (length > width) return false
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f || unit === 0) return false
    block[at + i] = unit
  }
  return true
}

/** Writes a longer ASCII path as prefix and name, cut at the last slash that allows it. */
function writeSplit(block: Buffer, path: string): boolean {
  const searchFrom = path.endsWith('/') ? path.length - 2 : path.length
  const cut = path.lastIndexOf('/', Math.min(searchFrom, PREFIX))
  if (cut <= 0 || path.length - cut - 1 > NAME) return false
  block.fill(0, 0, NAME)
  return writeAscii(block, 0, path.slice(cut + 1), NAME) && writeAscii(block, 345, path.slice(0, cut), PREFIX)
}

/** The start of the name in ASCII, for readers without pax. */
function writeFallback(block: Buffer, at: number, text: string): void {
  block.fill(0, at, at + NAME)
  if (at === 0) block.fill(0, 345, 345 + PREFIX)
  // A cut in front of a slash's successor would make a file look like a directory.
  const ascii = text.slice(0, 1000).replace(/[^\x01-\x7f]/g, '')
  const name = ascii.length > NAME ? ascii.slice(0, NAME).replace(/\/+$/, '') : ascii
  block.write(name, at, 'latin1')
}

function nameBytes(name: string): Buffer {
  const bytes = pathToBytes(name)
  if (bytes.includes(0)) throw new TsbuildError('ARCHIVE_INVALID', `name has a NUL byte: ${JSON.stringify(name)}`)
  return bytes
}

function writeOctal(block: Buffer, at: number, value: number, digits: number): void {
  if (value <= 0x7fff_ffff) {
    for (let i = at + digits - 1; i >= at; i--) {
      block[i] = ZERO + (value & 7)
      value >>>= 3
    }
  } else {
    for (let i = at + digits - 1; i >= at; i--) {
      block[i] = ZERO + (value % 8)
      value = Math.floor(value / 8)
    }
  }
}

/** Seconds as pax writes them, with as many decimals as give the same number back. */
function formatTime(seconds: number): string {
  const text = String(seconds)
  return text.includes('e') ? seconds.toFixed(9) : text
}

function writeChecksum(block: Buffer): void {
  let sum = 8 * 0x20
  for (let i = 0; i < 148; i++) sum += block[i] as number
  for (let i = 156; i < BLOCK; i++) sum += block[i] as number
  writeOctal(block, 148, sum, 6)
  block[154] = 0
  block[155] = 0x20
}

function typeFlag(type: EntryType): number {
  switch (type) {
    case 'file':
      return ZERO
    case 'hardlink':
      return ZERO + 1
    case 'symlink':
      return ZERO + 2
    case 'character':
      return ZERO + 3
    case 'block':
      return ZERO + 4
    case 'directory':
      return ZERO + 5
    case 'fifo':
      return ZERO + 6
    default:
      return unreachable(type)
  }
}
