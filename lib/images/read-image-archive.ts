// Unpacks the files of a tar to disk. No name from the tar is ever used as a path.
import { closeSync, createReadStream, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isSystemError } from '../base/errno.ts'
import { TsbuildError } from '../base/errors.ts'
import { limitInput } from '../base/input-limit.ts'
import { cleanPath, parentPath } from '../base/paths.ts'
import { storeIO } from '../cache/atomic-files.ts'
import { decompress } from '../layers/decompress/decompress.ts'
import type { Entry } from '../layers/entry.ts'
import { asBuffer } from '../layers/paths/path-bytes.ts'
import { SparseExpander, type SparseMap } from '../layers/tar/sparse-map.ts'
import { TarParser } from '../layers/tar/tar-parser.ts'

/** More than any image archive has. */
const MAX_MEMBERS = 100_000
const MAX_LINKS = 16

/** A file of the archive, unpacked. */
export interface ArchiveFile {
  readonly path: string
  readonly size: number
}

/** The unpacked files, by their names in the archive. */
export interface ArchiveFiles {
  has(name: string): boolean
  /** The file of a name; links within the archive are followed. Errors with `ARCHIVE_INVALID` if there is none. */
  file(name: string): ArchiveFile
  /** A directory with the archive's `oci-layout`, `index.json` and blobs under their names. */
  layout(): string
}

/**
 * Reads a tar, plain or compressed, into a temporary directory. Errors with `ARCHIVE_INVALID`, `ARCHIVE_UNSUPPORTED`,
 * `ARCHIVE_TOO_LARGE`, `STORE_IO`, and as the source does.
 */
export async function readArchive(
  source: string | AsyncIterable<Uint8Array>,
  directory: string,
  signal?: AbortSignal,
): Promise<ArchiveFiles> {
  const files = new Map<string, ArchiveFile>()
  const links = new Map<string, string>()
  const writer = fileWriter(directory)
  let members = 0
  const parser = new TarParser({
    entry: (entry, _offset, sparse) => {
      if (++members > MAX_MEMBERS) throw invalid(`it has more than ${MAX_MEMBERS} members`)
      const name = cleanName(entry.path)
      writer.end()
      if (entry.type === 'file') files.set(name, writer.begin(entry, members, sparse))
      else if (entry.type === 'hardlink') links.set(name, cleanName(entry.linkname ?? ''))
      else if (entry.type === 'symlink') links.set(name, resolveLink(name, entry.linkname ?? ''))
    },
    data: (bytes) => writer.write(bytes),
  })
  try {
    const plain = decompress(typeof source === 'string' ? openFile(source) : source)
    for await (const chunk of limitInput(plain, 'the archive')) {
      signal?.throwIfAborted()
      parser.push(asBuffer(chunk))
    }
    parser.finish()
    writer.end()
  } finally {
    writer.close()
  }
  const find = (name: string): ArchiveFile | undefined => {
    let at = name
    for (let hops = 0; hops < MAX_LINKS && !files.has(at); hops++) at = links.get(at) ?? ''
    return files.get(at)
  }
  return {
    has: (name) => find(name) !== undefined,
    file: (name) => {
      const file = find(cleanName(name))
      if (file) return file
      throw invalid(`it has no file ${JSON.stringify(name)}`)
    },
    layout: () => {
      const layout = join(directory, 'layout')
      for (const [name, file] of files) {
        if (!/^(?:oci-layout|index\.json|blobs\/sha(?:256|512)\/[0-9a-f]{64,128})$/.test(name)) continue
        mkdirSync(dirname(join(layout, name)), { recursive: true })
        renameSync(file.path, join(layout, name))
      }
      return layout
    },
  }
}

function fileWriter(directory: string): {
  begin(entry: Entry, number: number, sparse: SparseMap | undefined): ArchiveFile
  /** Writes stored bytes of the current file. */
  write(bytes: Buffer): void
  /** Completes the current file. */
  end(): void
  close(): void
} {
  let file: number | undefined
  let expander: SparseExpander | undefined
  const close = (): void => {
    if (file !== undefined) closeSync(file)
    file = undefined
    expander = undefined
  }
  const append = (bytes: Buffer): void => {
    const target = file
    if (target === undefined) return
    storeIO('unpacking the archive', () => {
      for (let at = 0; at < bytes.byteLength; ) at += writeSync(target, bytes, at, bytes.byteLength - at)
    })
  }
  return {
    begin: (entry, number, sparse) => {
      const path = join(directory, String(number))
      expander = sparse && new SparseExpander(entry.size, sparse, append)
      file = storeIO('unpacking the archive', () => openSync(path, 'wx'))
      return { path, size: entry.size }
    },
    write: (bytes) => (expander ? expander.push(bytes) : append(bytes)),
    end: () => {
      expander?.finish()
      close()
    },
    close,
  }
}

async function* openFile(path: string): AsyncIterable<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 1 << 20 })
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    throw new TsbuildError('ARCHIVE_INVALID', `can not read ${JSON.stringify(path)}: ${cause.message}`, { cause })
  }
}

function cleanName(name: string): string {
  return name.replace(/^(?:\.\/)+/, '')
}

/** The target of a symlink within the archive. docker wrote `../<layer>/layer.tar` for repeated layers. */
function resolveLink(name: string, target: string): string {
  return cleanPath(`${parentPath(name)}/${target}`)
}

function invalid(why: string): TsbuildError {
  return new TsbuildError('ARCHIVE_INVALID', `the archive can not be loaded: ${why}`)
}
