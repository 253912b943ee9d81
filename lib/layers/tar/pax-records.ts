// Records of pax extended headers: `<length> <key>=<value>\n` (POSIX.1-2017 pax, "pax Extended Header").
import { TsbuildError } from '../../base/errors.ts'

/** The record in which GNU tar 1.15.91 and later has the map of a sparse file. */
export const SPARSE_MAP = 'GNU.sparse.map'
/** The records in which earlier versions have the map, a record a number. */
const SPARSE_PAIR: readonly string[] = ['GNU.sparse.offset', 'GNU.sparse.numbytes']

/** Keys to raw values. Values of paths need not be UTF-8. */
export type PaxRecords = ReadonlyMap<string, Buffer>

/** The records sorted by key, as bytes. */
export function encodePax(records: PaxRecords): Buffer {
  const keys = [...records.keys()].sort()
  return Buffer.concat(keys.map((key) => encodeRecord(key, records.get(key) ?? Buffer.alloc(0))))
}

/**
 * Errors with `ARCHIVE_INVALID` unless the bytes are nothing but well-formed records. The last of several
 * records with the same key counts. The map of a sparse file that is made of such records is joined into the
 * record of later versions.
 */
export function decodePax(bytes: Buffer): PaxRecords {
  const records = new Map<string, Buffer>()
  const sparse: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const digits = space === -1 ? '' : bytes.toString('latin1', at, Math.min(space, at + 10))
    const length = /^[0-9]{1,7}$/.test(digits) ? Number(digits) : 0
    const end = at + length
    const equals = bytes.indexOf(0x3d, space)
    if (length === 0 || end > bytes.length || bytes[end - 1] !== 0x0a || equals === -1 || equals >= end)
      throw malformed()
    const key = bytes.toString('utf8', space + 1, equals)
    if (key === '' || key.includes('\0')) throw malformed()
    const value = bytes.subarray(equals + 1, end - 1)
    if (key === SPARSE_PAIR[sparse.length % 2]) sparse.push(value.toString('latin1'))
    else if (SPARSE_PAIR.includes(key)) throw malformed()
    records.set(key, value)
    at = end
  }
  if (sparse.length > 0) records.set(SPARSE_MAP, Buffer.from(sparse.join(','), 'latin1'))
  return records
}

function encodeRecord(key: string, value: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`, 'utf8'), value, Buffer.of(0x0a)])
  // The length counts its own digits.
  let length = body.length + String(body.length).length
  if (String(length).length > String(body.length).length) length = body.length + String(length).length
  return Buffer.concat([Buffer.from(String(length), 'latin1'), body])
}

function malformed(): TsbuildError {
  return new TsbuildError('ARCHIVE_INVALID', 'malformed pax extended header')
}
