import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { DETECT_LENGTH, detectCompression } from '../layers/compression-magic.ts'
import { startsWithHeader } from '../layers/decode-header.ts'
import type { TreeEntry } from '../layers/file-tree.ts'
import { toFsPath } from '../layers/path-bytes.ts'
import { type Archive, openArchive } from '../layers/read-archive.ts'
import type { Session } from './session.ts'
import { withUnpackLimit } from './unpack-limit.ts'

/**
 * The archive that a file of a context is, undefined for any other file. What is not a file on disk goes through the store, since
 * archives are read from disk. Errors as openArchive does, and with `ARCHIVE_TOO_LARGE`.
 */
export async function openArchiveEntry(
  { content, size }: TreeEntry,
  { store, signal }: Pick<Session, 'store' | 'signal'>,
): Promise<Archive | undefined> {
  if (content === undefined || size === 0) return undefined
  const limited = withUnpackLimit(store)
  if (content.kind === 'file') return openArchive(content.path, limited, signal)
  if (!mayBeArchive(content.kind === 'bytes' ? content.bytes : readHead(content.path, content.offset, size))) {
    return undefined
  }
  const writer = store.createWriter()
  try {
    if (content.kind === 'bytes') writer.write(content.bytes)
    else {
      const { path, offset } = content
      for await (const chunk of createReadStream(toFsPath(path), { start: offset, end: offset + size - 1 })) {
        signal.throwIfAborted()
        writer.write(chunk)
      }
    }
    return await openArchive(store.path(writer.commit().digest), limited, signal)
  } finally {
    // Does nothing after a commit.
    writer.abort()
  }
}

function mayBeArchive(head: Uint8Array): boolean {
  const start = Buffer.from(head.subarray(0, DETECT_LENGTH))
  return detectCompression(start) !== undefined || startsWithHeader(start)
}

function readHead(path: string, offset: number, size: number): Buffer {
  const head = Buffer.alloc(Math.min(DETECT_LENGTH, size))
  const file = openSync(toFsPath(path), 'r')
  try {
    return head.subarray(0, readSync(file, head, 0, head.length, offset))
  } finally {
    closeSync(file)
  }
}
