// Remembers the content hashes of files on disk, so that a file that didn't change isn't read again.

import type { FileStat } from '../layers/entry.ts'
import { ByteWriter } from '../layers/index/byte-writer.ts'
import { SHA256 } from '../layers/index/digest-column.ts'
import type { ContentStore } from '../oci/content.ts'
import { sha256 } from '../oci/digest.ts'
import { RACY_MARGIN } from './list-directory.ts'
import { decodeNote, encodeNote, PIECE } from './record-format.ts'

/** A file on disk, with the digest of content that was read after its status. */
export interface HashedFile {
  readonly path: string
  readonly size: number
  readonly stat: FileStat
  /** As bytes. */
  readonly sha256: Uint8Array
}

/** Hashes of files on disk. */
export interface StatCache {
  /** sha256 of the file's content as bytes, if it is known to be unchanged. Fastest in the order in which files were saved. */
  lookup(path: string, size: number, stat: FileStat): Uint8Array | undefined
  /** Keeps these files for the next run, and no others. Does nothing if they are those that were looked up, and are kept already. */
  save(files: Iterable<HashedFile>): void
}

/** The kind of derived data that a store keeps this as, by a digest of what it is for. */
const STAT_KIND = 'stat'
const MAGIC = 'tsbuild stat cache 2\n'

/** Of each file: size, mtime, ctime, inode, device; sha256; the length of its path, and the path. */
const NUMBERS = 5 * 8
const LENGTH = NUMBERS + SHA256
const PATH = LENGTH + 4

/**
 * Opens the cache for what `id` names. A file whose time stamps are less than two seconds older than this call is not remembered: it
 * could change once more without getting another time stamp (git calls that racily clean). A damaged cache is empty.
 */
export function openStatCache(
  store: Pick<ContentStore, 'readDerived' | 'writeDerived'>,
  id: string,
  now: number = Date.now(),
): StatCache {
  const key = sha256(id)
  const kept = store.readDerived(STAT_KIND, key)
  const rows = (kept && decodeNote(MAGIC, kept)) ?? Buffer.alloc(0)
  const view = new DataView(rows.buffer, rows.byteOffset, rows.length)
  const wanted = new ByteWriter()
  /** Where the next one is, if files are asked for in the same order. */
  let cursor = 0
  let byPath: ReadonlyMap<string, number> | undefined
  /** The length of the rows that were found; they are not all that is to be kept once one was missing. */
  let found = 0
  let isMissing = false

  const find = (path: Buffer): number | undefined => {
    const next = cursor + PATH
    if (cursor < rows.length && path.length === view.getUint32(cursor + LENGTH, true)) {
      if (path.compare(rows, next, next + path.length) === 0) return cursor
    }
    byPath ??= rowsByPath(rows)
    return byPath.get(path.toString('latin1'))
  }
  const lookup: StatCache['lookup'] = (path, size, stat) => {
    wanted.clear()
    wanted.text(path)
    const at = find(wanted.bytes())
    if (at === undefined) return undefined
    cursor = at + PATH + wanted.length
    const isSame =
      view.getFloat64(at, true) === size &&
      view.getFloat64(at + 8, true) === stat.mtimeMs &&
      view.getFloat64(at + 16, true) === stat.ctimeMs &&
      view.getFloat64(at + 24, true) === stat.ino &&
      view.getFloat64(at + 32, true) === stat.dev
    if (!isSame) return undefined
    found += cursor - at
    return rows.subarray(at + NUMBERS, at + LENGTH)
  }
  return {
    lookup: (path, size, stat) => {
      const digest = lookup(path, size, stat)
      if (!digest) isMissing = true
      return digest
    },
    save: (files) => {
      if (found > 0 && found === rows.length && !isMissing) return
      store.writeDerived(STAT_KIND, key, encodeFiles(files, now - RACY_MARGIN))
    },
  }
}

function rowsByPath(rows: Buffer): ReadonlyMap<string, number> {
  const byPath = new Map<string, number>()
  for (let at = 0; at < rows.length; ) {
    const start = at + PATH
    const end = start + rows.readUInt32LE(at + LENGTH)
    byPath.set(rows.toString('latin1', start, end), at)
    at = end
  }
  return byPath
}

function encodeFiles(files: Iterable<HashedFile>, trustedBefore: number): Iterable<Uint8Array> {
  return encodeNote(MAGIC, function* (out) {
    for (const { path, size, stat, sha256 } of files) {
      const { mtimeMs, ctimeMs, ino, dev } = stat
      if (mtimeMs >= trustedBefore || ctimeMs >= trustedBefore) continue
      out.double(size)
      out.double(mtimeMs)
      out.double(ctimeMs)
      out.double(ino)
      out.double(dev)
      out.copy(sha256)
      out.framedText(path)
      if (out.length >= PIECE) yield
    }
  })
}
