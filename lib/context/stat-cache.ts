// Keeps the content hashes of files on disk, so that an unchanged file is not read again.

import type { FileStat } from '../layers/entry.ts'
import { ByteWriter } from '../layers/index/byte-writer.ts'
import { SHA256 } from '../layers/index/digest-column.ts'
import type { ContentStore } from '../oci/content.ts'
import { sha256 } from '../oci/digest.ts'
import { RACY_MARGIN } from './list-directory.ts'
import { CHUNK_SIZE, decodeRecords, encodeRecords } from './record-format.ts'

/** A file on disk, with the digest of its content, which was read after its status. */
export interface HashedFile {
  readonly path: string
  readonly size: number
  readonly stat: FileStat
  /** The sha256 of the content, as 32 bytes. */
  readonly sha256: Uint8Array
}

/** Hashes of files on disk. */
export interface StatCache {
  /**
   * The sha256 of the content, if the file is unchanged. Lookups are fastest in the order in which files were
   * saved.
   */
  lookup(path: string, size: number, stat: FileStat): Uint8Array | undefined
  /** Replaces the cache by these files. Does nothing if every lookup was a hit and no cached file was left out. */
  save(files: Iterable<HashedFile>): void
}

/** The kind of derived data under which the store keeps the cache, by the digest of its id. */
const STAT_KIND = 'stat'
const MAGIC = 'tsbuild stat cache 2\n'

/** The fields of a row: size, mtime, ctime, inode, device; sha256; the length of the path, and the path. */
const NUMBERS = 5 * 8
const LENGTH = NUMBERS + SHA256
const PATH = LENGTH + 4

/**
 * Opens the cache named `id`. A file whose timestamps are less than two seconds older than this call is not
 * kept: it could change again without a new timestamp (git calls this "racily clean"). A damaged cache counts
 * as empty.
 */
export function openStatCache(
  store: Pick<ContentStore, 'readDerived' | 'writeDerived'>,
  id: string,
  now: number = Date.now(),
): StatCache {
  const key = sha256(id)
  const kept = store.readDerived(STAT_KIND, key)
  const rows = (kept && decodeRecords(MAGIC, kept)) ?? Buffer.alloc(0)
  const view = new DataView(rows.buffer, rows.byteOffset, rows.length)
  const wanted = new ByteWriter()
  /** The offset of the next row, if files are looked up in the saved order. */
  let cursor = 0
  let byPath: ReadonlyMap<string, number> | undefined
  /** The total length of the rows that were found. */
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
  return encodeRecords(MAGIC, function* (out) {
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
      if (out.length >= CHUNK_SIZE) yield
    }
  })
}
