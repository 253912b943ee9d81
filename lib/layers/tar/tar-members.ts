// Makes members of header blocks: applies pax and GNU extensions to the header that they precede. Knows nothing
// of streams.
import { TsbuildError } from '../../base/errors.ts'
import { inputLimit, LIMIT_HINT } from '../../base/input-limit.ts'
import { cleanPath } from '../../base/paths.ts'
import type { Entry, EntryType } from '../entry.ts'
import { asBuffer, bytesToPath } from '../paths/path-bytes.ts'
import { decodeHeader, type RawHeader } from './decode-header.ts'
import { decodePax, type PaxRecords } from './pax-records.ts'
import { gnuSparse, paxSparse, type SparseHeader } from './sparse-header.ts'
import { type SparseMap, sparseMap } from './sparse-map.ts'
import { BLOCK, MAX_EXTENDED, MAX_ID, MAX_PATH } from './tar-format.ts'

/** The content of a header block; `size` bytes and their padding follow it. */
export type Member =
  | {
      readonly kind: 'entry'
      readonly entry: Entry
      readonly size: number
      /** Set for a file with holes, whose body is shorter than the entry's size. */
      readonly sparse?: SparseMap | undefined
    }
  /** Its body goes to {@link MemberDecoder.extend}. */
  | { readonly kind: 'extension'; readonly size: number }
  | { readonly kind: 'ignored'; readonly size: number }
  | { readonly kind: 'end'; readonly size: 0 }

/** `size` counts all bytes that follow the header. */
interface AnnouncedSparse {
  readonly header: SparseHeader
  readonly entry: Entry
  readonly size: number
}

const ZERO_BLOCK: Member = { kind: 'ignored', size: 0 }
const END: Member = { kind: 'end', size: 0 }
const XATTR = 'SCHILY.xattr.'
/** The type flag of GNU tar's own sparse files. */
const SPARSE = 0x53
const MAX_OCTAL_ID = 0o7777777

/**
 * Decodes one archive. As in Go's archive/tar, which other builders read layers with, pax global headers are
 * checked but apply to nothing, and two zero blocks end the archive. Errors with `ARCHIVE_INVALID`, with
 * `ARCHIVE_UNSUPPORTED` for types that no filesystem has, and with `ARCHIVE_TOO_LARGE` where sparse files have
 * more bytes, with their holes, than {@link inputLimit}.
 */
export class MemberDecoder {
  #zeros = 0
  #extension: 'pax' | 'global' | 'name' | 'link' = 'pax'
  #pax: PaxRecords | undefined
  #name: string | undefined
  #link: string | undefined
  #started = false
  /** The header of a sparse file whose map is still coming. */
  #sparse: AnnouncedSparse | undefined
  #expanded = 0

  /** Whether the archive may end here: not between an extension and what it extends. */
  get complete(): boolean {
    return this.#pax === undefined && this.#name === undefined && this.#link === undefined
  }

  /** Whether there was a header that Go's reader returns a member for, even if the member is refused here. */
  get started(): boolean {
    return this.#started
  }

  /** The member that the block at an offset announces. */
  header(block: Buffer, at: number): Member {
    const raw = decodeHeader(block, at)
    if (raw === undefined) return ++this.#zeros === 2 ? END : ZERO_BLOCK
    if (this.#zeros > 0) throw invalid('a zero block between members')
    switch (String.fromCharCode(raw.flag)) {
      case 'x':
        return this.#extend('pax', raw)
      case 'g':
        return this.#extend('global', raw)
      case 'L':
        return this.#extend('name', raw)
      case 'K':
        return this.#extend('link', raw)
      case 'V':
        this.#started = true
        return { kind: 'ignored', size: checkSize(raw.size) }
      default:
        return this.#entry(raw, block, at)
    }
  }

  /**
   * Takes the body of the extension that was announced last. Returns the member that goes on right behind it,
   * without a header of its own.
   */
  extend(body: Buffer): Member | undefined {
    if (this.#sparse) {
      this.#sparse.header.take(body)
      return this.#sparseMember(this.#sparse)
    }
    switch (this.#extension) {
      case 'pax':
        this.#pax = decodePax(body)
        break
      case 'global':
        decodePax(body)
        this.#started = true
        break
      case 'name':
        this.#name = untilNul(body)
        break
      case 'link':
        this.#link = untilNul(body)
        break
    }
    return undefined
  }

  #extend(extension: 'pax' | 'global' | 'name' | 'link', raw: RawHeader): Member {
    if (raw.size < 0 || raw.size > MAX_EXTENDED) {
      throw invalid(`an extended header of ${raw.size} bytes: at most ${MAX_EXTENDED} are read`)
    }
    this.#extension = extension
    // The body of an empty extension never arrives.
    if (raw.size === 0) this.extend(Buffer.alloc(0))
    return { kind: 'extension', size: raw.size }
  }

  #entry(raw: RawHeader, block: Buffer, at: number): Member {
    const pax = this.#pax
    const stored = paxInteger(pax, 'size') ?? raw.size
    const sparse = raw.flag === SPARSE ? gnuSparse(block, at) : pax && paxSparse(pax, stored)
    const name = withoutNul(
      (sparse?.name && bytesToPath(sparse.name)) ?? paxName(pax, 'path') ?? this.#name ?? raw.name,
    )
    const linkname = withoutNul(paxName(pax, 'linkpath') ?? this.#link ?? raw.linkname)
    const uid = paxInteger(pax, 'uid') ?? raw.uid
    const gid = paxInteger(pax, 'gid') ?? raw.gid
    const mtime = paxTime(pax) ?? raw.mtime
    this.#pax = this.#name = this.#link = undefined
    this.#started = !sparse || this.#started
    checkLength(name)
    checkLength(linkname)
    const type = entryType(raw.flag, name)
    if (sparse && type !== 'file') throw invalid(`a sparse ${type}`)
    const size = type === 'file' ? checkSize(stored) : 0
    const device = type === 'character' || type === 'block'
    const entry: Entry = {
      path: cleanPath(name),
      type,
      mode: raw.mode & 0o7777,
      uid: checkID(uid, MAX_ID),
      gid: checkID(gid, MAX_ID),
      mtime,
      size: sparse ? checkSize(sparse.size) : size,
      linkname: type === 'symlink' ? linkname : type === 'hardlink' ? cleanPath(linkname) : undefined,
      xattrs: pax === undefined ? undefined : xattrsOf(pax),
      devMajor: device ? checkID(raw.devMajor, MAX_OCTAL_ID) : undefined,
      devMinor: device ? checkID(raw.devMinor, MAX_OCTAL_ID) : undefined,
    }
    return sparse ? this.#sparseMember({ header: sparse, entry, size }) : { kind: 'entry', entry, size }
  }

  #sparseMember(announced: AnnouncedSparse): Member {
    const { header, entry } = announced
    const size = announced.size - header.taken
    if (size < 0) throw invalid('the map of a sparse file is longer than the file')
    this.#sparse = header.open ? announced : undefined
    if (header.open) return { kind: 'extension', size: BLOCK }
    const sparse = sparseMap(header.numbers, entry.size, size)
    this.#started = true
    if (sparse) this.#expanded += entry.size
    if (this.#expanded > inputLimit()) {
      const message = `the sparse files in it have more than ${inputLimit()} bytes`
      throw new TsbuildError('ARCHIVE_TOO_LARGE', message, { hint: LIMIT_HINT })
    }
    return { kind: 'entry', entry, size, sparse }
  }
}

function entryType(flag: number, name: string): EntryType {
  switch (String.fromCharCode(flag)) {
    case '\0':
      return name.endsWith('/') ? 'directory' : 'file'
    case '0':
    case '7':
    case 'S':
      return 'file'
    case '1':
      return 'hardlink'
    case '2':
      return 'symlink'
    case '3':
      return 'character'
    case '4':
      return 'block'
    case '5':
      return 'directory'
    case '6':
      return 'fifo'
    default: {
      const type = JSON.stringify(String.fromCharCode(flag))
      throw new TsbuildError('ARCHIVE_UNSUPPORTED', `${JSON.stringify(name)} is of the unsupported tar type ${type}`)
    }
  }
}

function xattrsOf(pax: PaxRecords): Readonly<Record<string, Uint8Array>> | undefined {
  const found: [string, Uint8Array][] = []
  for (const [key, value] of pax) if (key.startsWith(XATTR)) found.push([key.slice(XATTR.length), Buffer.from(value)])
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

/** An empty value stands for the header's own, as in Go. */
function paxValue(pax: PaxRecords | undefined, key: string): Buffer | undefined {
  const value = pax?.get(key)
  return value === undefined || value.length === 0 ? undefined : value
}

function paxName(pax: PaxRecords | undefined, key: string): string | undefined {
  const value = paxValue(pax, key)
  return value === undefined ? undefined : bytesToPath(value)
}

function paxInteger(pax: PaxRecords | undefined, key: string): number | undefined {
  const text = paxValue(pax, key)?.toString('latin1')
  if (text === undefined) return undefined
  if (!/^[0-9]{1,16}$/.test(text)) throw invalid(`pax ${key} is not a number`)
  return Number(text)
}

function paxTime(pax: PaxRecords | undefined): number | undefined {
  const text = paxValue(pax, 'mtime')?.toString('latin1')
  if (text === undefined) return undefined
  if (!/^-?[0-9]{1,15}(?:\.[0-9]*)?$/.test(text)) throw invalid('pax mtime is not a number')
  return Number(text)
}

function untilNul(body: Buffer): string {
  const end = body.indexOf(0)
  return bytesToPath(asBuffer(body), 0, end === -1 ? body.length : end)
}

function withoutNul(name: string): string {
  if (name.includes('\0')) throw invalid('a name with a NUL byte')
  return name
}

function checkLength(name: string): void {
  // A string has at least as many bytes as units.
  if (name.length > MAX_PATH) throw invalid(`a name of more than ${MAX_PATH} bytes`)
}

function checkSize(size: number): number {
  if (size < 0 || !Number.isSafeInteger(size)) throw invalid('size is out of range')
  return size
}

function checkID(id: number, limit: number): number {
  if (id < 0 || id > limit) throw invalid(`id ${id} is out of range`)
  return id
}

function invalid(what: string): TsbuildError {
  return new TsbuildError('ARCHIVE_INVALID', `invalid tar: ${what}`)
}
