import { type Archive, openArchive } from '../../layers/archive/open-archive.ts'
import { ContentFiles } from '../../layers/content-files.ts'
import { DETECT_LENGTH, detectCompression } from '../../layers/decompress/compression-magic.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import type { TreeEntry } from '../../layers/file-tree.ts'
import { startsWithHeader } from '../../layers/tar/decode-header.ts'
import type { Session } from '../session.ts'
import { withUnpackLimit } from './unpack-limit.ts'

/**
 * The archive that a file of a context is, undefined for any other file. What is not a file on disk goes
 * through the store, since archives are read from disk. Errors as openArchive does, and with
 * `ARCHIVE_TOO_LARGE`.
 */
export async function openArchiveEntry(
  entry: TreeEntry,
  { store, signal }: Pick<Session, 'store' | 'signal'>,
): Promise<Archive | undefined> {
  const { content, size } = entry
  if (content === undefined || size === 0) return undefined
  const limited = withUnpackLimit(store)
  if (content.kind === 'file') return openArchive(content.path, limited, { signal })
  const writer = store.createWriter()
  try {
    let isFirst = true
    for (const piece of piecesOf(entry)) {
      if (isFirst && !mayBeArchive(piece)) return undefined
      isFirst = false
      signal.throwIfAborted()
      writer.write(piece)
    }
    return await openArchive(store.path(writer.commit().digest), limited, { signal })
  } finally {
    // Does nothing after a commit.
    writer.abort()
  }
}

function mayBeArchive(head: Buffer): boolean {
  const start = head.subarray(0, DETECT_LENGTH)
  return detectCompression(start) !== undefined || startsWithHeader(start)
}

const PIECE = 1024 * 1024

/** A file's content in pieces, which share a buffer. */
function* piecesOf(entry: SourceEntry): Generator<Buffer, void, void> {
  const files = new ContentFiles()
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, entry.size) + 1)
  try {
    files.begin(entry)
    for (let left = entry.size; left > 0; ) {
      const length = Math.min(PIECE, left)
      files.read(buffer, 0, length)
      yield buffer.subarray(0, length)
      left -= length
    }
    files.end()
  } finally {
    files.close()
  }
}
