import { createHash } from 'node:crypto'
import type { SourceEntry } from '../layers/entry.ts'
import { ByteWriter } from '../layers/index/byte-writer.ts'
import { type DigestColumn, SHA256 } from '../layers/index/digest-column.ts'
import { TYPES } from '../layers/index/index-format.ts'

/** Bytes that are hashed at a time: hashing many short pieces takes longer. */
const PIECE = 64 * 1024

/** Flags of an entry: which parts follow, and in which encoding. */
const KIND = 1
const UTF16 = 2
const RARE = 4

/**
 * The digest of entries without their times: paths, types, modes, owners, links, attributes and contents. Two steps
 * with the same content key make the same filesystem. Digests of contents come from the column, or else from the
 * entries. Undefined if the content of a file is not known.
 */
export function contentKey(entries: readonly SourceEntry[], digests?: DigestColumn): string | undefined {
  const hash = createHash('sha256')
  const out = new ByteWriter()
  // Most entries have the type, owner and mode of the entry before, which would be a third of the hashed bytes.
  let last: readonly [type: string, ...numbers: number[]] | undefined
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at] as SourceEntry
    const { path, type, mode, uid, gid } = entry
    const rest = rareProperties(entry)
    const isOther = type !== last?.[0] || mode !== last[1] || uid !== last[2] || gid !== last[3]
    const isText = path.isWellFormed()
    // Each part has a fixed length or starts with its length, so that no two lists of entries give the same bytes.
    out.uint8((isOther ? KIND : 0) | (isText ? 0 : UTF16) | (rest ? RARE : 0))
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

/** The rare properties of an entry: link target, device numbers, extended attributes. Undefined if it has none. */
function rareProperties({ linkname, devMajor = 0, devMinor = 0, xattrs }: SourceEntry): string | undefined {
  if (linkname === undefined && devMajor === 0 && devMinor === 0 && !xattrs) return undefined
  return JSON.stringify([linkname ?? null, devMajor, devMinor, xattrs ? attributes(xattrs) : null])
}

function attributes(xattrs: Readonly<Record<string, Uint8Array>>): (readonly [string, string])[] {
  const names = Object.keys(xattrs).sort()
  return names.map((name) => [name, Buffer.from(xattrs[name] ?? []).toString('base64')])
}
