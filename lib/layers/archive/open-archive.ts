// Local archives that ADD unpacks: recognized by content, never by name.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { TsbuildError } from '../../base/errors.ts'
import type { BlobWriter, ContentStore } from '../../oci/content.ts'
import { DETECT_LENGTH, detectCompression } from '../decompress/compression-magic.ts'
import { decompress } from '../decompress/decompress.ts'
import type { LayerEntry, SourceEntry } from '../entry.ts'
import { IndexBuilder } from '../index/index-builder.ts'
import { toFsPath } from '../paths/path-bytes.ts'
import { TarParser } from '../tar/tar-parser.ts'

const READ_CHUNK = 1024 * 1024
const HEAD_CHUNK = 16 * 1024

/** A local archive whose entries can be read. */
export interface Archive {
  /**
   * In the order of the archive. Paths are clean and stay inside; hard links name a path inside. Whiteouts are
   * ordinary files.
   */
  readonly entries: readonly SourceEntry[]
}

/**
 * Opens a local file as an archive. As in BuildKit, an archive is a file, plain or compressed, whose first tar
 * header can be read; undefined for any other file. Content is read from the file itself if that is a plain
 * tar, otherwise from a plain copy that is put into the store and stays there like any blob. Errors with
 * `ARCHIVE_INVALID` for an archive that is damaged after its first header, with `ARCHIVE_UNSUPPORTED` for
 * compression that this program can't read, when it is unknown whether the file is an archive. Messages call
 * the archive by its `name`, by default the quoted path.
 */
export async function openArchive(
  path: string,
  store: ContentStore,
  options: { readonly name?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<Archive | undefined> {
  const { name = JSON.stringify(path), signal } = options
  const file = await open(toFsPath(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!(await file.stat()).isFile()) return undefined
    const head = Buffer.alloc(DETECT_LENGTH)
    const { bytesRead } = await file.read(head, 0, DETECT_LENGTH, 0)
    const packed = detectCompression(head.subarray(0, bytesRead)) !== undefined
    if (!(await namingErrors(name, () => hasMember(file)))) return undefined
    const writer = packed ? store.createWriter() : undefined
    try {
      const entries = await namingErrors(name, () => readEntries(file, writer, signal))
      const plain = writer ? store.path(writer.commit().digest) : path
      return { entries: entries.map((entry) => toSourceEntry(entry, plain)) }
    } finally {
      // Does nothing after a commit.
      writer?.abort()
    }
  } finally {
    await file.close()
  }
}

/** More bytes than the headers before any first member have. */
const MAX_HEADERS = 4 * 1024 * 1024

/** Whether a first member can be read, even if the bytes after it are damaged. */
async function hasMember(file: FileHandle): Promise<boolean> {
  const parser = new TarParser({ entry: () => {}, data: () => {} })
  try {
    for await (const chunk of decompress(chunksOf(file, HEAD_CHUNK), { careful: true })) {
      parser.push(chunk)
      if (parser.started || parser.position > MAX_HEADERS) break
    }
  } catch (error) {
    if (!(error instanceof TsbuildError) || (error.code === 'ARCHIVE_UNSUPPORTED' && !parser.started)) throw error
  }
  return parser.started
}

async function readEntries(
  file: FileHandle,
  writer: BlobWriter | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly LayerEntry[]> {
  const builder = new IndexBuilder()
  for await (const chunk of decompress(chunksOf(file, READ_CHUNK))) {
    signal?.throwIfAborted()
    builder.push(chunk)
    writer?.write(chunk)
  }
  return builder.finish().entries
}

async function namingErrors<T>(name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error
    if (error.code !== 'ARCHIVE_INVALID' && error.code !== 'ARCHIVE_UNSUPPORTED') throw error
    throw error.with({ message: `cannot unpack ${name}: ${error.message}` })
  }
}

async function* chunksOf(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(size), 0, size, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** An entry whose content is in the plain tar at a path. */
export function toSourceEntry({ offset, sparse, ...entry }: LayerEntry, plain: string): SourceEntry {
  return entry.type === 'file' ? { ...entry, content: { kind: 'range', path: plain, offset, sparse } } : entry
}
