import { createHash } from 'node:crypto'
import type { SourceEntry } from '../layers/entry.ts'
import { ByteWriter } from '../layers/index/byte-writer.ts'
import { type DigestColumn, SHA256 } from '../layers/index/digest-column.ts'
import { TYPES } from '../layers/index/index-format.ts'

/** What is to be hashed at a time: many short pieces would take longer one by one. */
const PIECE = 64 * 1024

/** Flags of an entry: which of its parts there are, and in which form. */
const KIND = 1
const UTF16 = 2
const PARTICULARS = 4

/**
 * The digest of what entries are, not of when: paths, types, modes, owners, links, attributes and contents, but no times. Two steps
 * with the same content key make the same filesystem. Digests of contents are those in the column, or else the entries' own. Returns
 * undefined while the content of a file is not known.
 */
export function contentKey(entries: readonly SourceEntry[], digests?: DigestColumn): string | undefined {
  const hash = createHash('sha256')
  const out = new ByteWriter()
  // Most entries have the same owner and mode as the one before, and nothing else: it would be a third of what is hashed.
  let last: readonly [type: string, ...numbers: number[]] | undefined
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at] as SourceEntry
    const { path, type, mode, uid, gid } = entry
    const rest = particulars(entry)
    const isOther = type !== last?.[0] || mode !== last[1] || uid !== last[2] || gid !== last[3]
    const isText = path.isWellFormed()
    // Every part says how long it is or is always as long, so that no two entry lists give the same bytes.
    out.uint8((isOther ? KIND : 0) | (isText ? 0 : UTF16) | (rest ? PARTICULARS : 0))
    if (isOther) {
      last = [type, mode, uid, gid]
      out.uint8(TYPES.indexOf(type))
      for (const number of [mode, uid, gid]) out.double(number)
    }
    if (isText) out.framedText(path)
    else frame(out, Buffer.from(path, 'utf16le'))
    if (rest) frame(out, Buffer.from(rest))
    if (type === 'file') {
      const digest = digests?.bytes(at) ?? ownDigest(entry)
      if (!digest) return undefined
      out.copy(digest)
    }
    if (out.length < PIECE) continue
    hash.update(out.bytes())
    out.clear()
  }
  return hash.update(out.bytes()).digest('hex')
}

function frame(out: ByteWriter, bytes: Uint8Array): void {
  out.uint32(bytes.length)
  out.copy(bytes)
}

function ownDigest({ sha256 }: SourceEntry): Uint8Array | undefined {
  if (sha256 === undefined) return undefined
  const bytes = Buffer.from(sha256, 'hex')
  if (bytes.length !== SHA256) throw new Error('bug: that is no sha256')
  return bytes
}

/** What few entries have, if this one does. */
function particulars({ linkname, devMajor = 0, devMinor = 0, xattrs }: SourceEntry): string | undefined {
  if (linkname === undefined && devMajor === 0 && devMinor === 0 && !xattrs) return undefined
  return JSON.stringify([linkname ?? null, devMajor, devMinor, xattrs ? attributes(xattrs) : null])
}

function attributes(xattrs: Readonly<Record<string, Uint8Array>>): (readonly [string, string])[] {
  const names = Object.keys(xattrs).sort()
  return names.map((name) => [name, Buffer.from(xattrs[name] ?? []).toString('base64')])
}
