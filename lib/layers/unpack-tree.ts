// A tree as files on the host, for `-o type=local`.
import fs from 'node:fs'
import { TsbuildError } from '../errors.ts'
import { unreachable } from '../unreachable.ts'
import { ContentFiles } from './content-files.ts'
import type { SourceEntry } from './entry.ts'
import type { FileTree } from './file-tree.ts'
import { makeNode } from './make-node.ts'
import { toFsPath } from './path-bytes.ts'
import { treeEntries } from './tree-entries.ts'

const COPY_CHUNK = 1024 * 1024
/** Entries between two looks at the signal and the event loop. */
const SLICE = 256

export interface UnpackTreeOptions {
  readonly signal?: AbortSignal | undefined
  /** Called now and then with the number of entries written so far. */
  readonly onProgress?: ((entries: number) => void) | undefined
}

/** What the directory can't show: a device or fifo that could not be made, extended attributes. */
export interface UnpackLoss {
  readonly path: string
  readonly kind: 'node' | 'xattrs'
}

export interface UnpackedTree {
  readonly entries: number
  /** Bytes of files' content. */
  readonly bytes: number
  readonly losses: readonly UnpackLoss[]
}

/**
 * Writes a tree's files into a directory on the host, made if need be; what the directory has already stays unless it is in the way.
 * Never follows a symlink below it, be it the tree's or one that was there. Modes and times are the entries'; everything belongs to
 * the caller, as with Docker. Errors with `OUTPUT_IO`, with `OUTPUT_INVALID` for names that the host can't have, and as {@link ContentFiles}
 * does. What was written before an error stays.
 */
export async function unpackTree(
  tree: FileTree,
  directory: string,
  options: UnpackTreeOptions = {},
): Promise<UnpackedTree> {
  const unpacker = new Unpacker(directory)
  try {
    fs.mkdirSync(directory, { recursive: true })
    let entries = 0
    for (const entry of treeEntries(tree)) {
      unpacker.write(entry)
      if (++entries % SLICE === 0) {
        options.onProgress?.(entries)
        await new Promise(setImmediate)
        options.signal?.throwIfAborted()
      }
    }
    unpacker.finish()
    return { entries, bytes: unpacker.bytes, losses: unpacker.losses }
  } catch (error) {
    throw isSystemError(error)
      ? new TsbuildError('OUTPUT_IO', `cannot write to ${JSON.stringify(directory)}: ${error.message}`, {
          cause: error,
        })
      : error
  } finally {
    unpacker.close()
  }
}

class Unpacker {
  bytes = 0
  readonly losses: UnpackLoss[] = []
  readonly #root: string
  readonly #asRoot = process.getuid?.() === 0
  readonly #files = new ContentFiles()
  readonly #buffer = Buffer.allocUnsafeSlow(COPY_CHUNK + 1)
  /** Closed for writing, and given their times, once everything is in them. */
  readonly #directories: SourceEntry[] = []
  readonly #missing = new Set<string | undefined>()

  constructor(directory: string) {
    this.#root = directory
  }

  write(entry: SourceEntry): void {
    const path = this.#path(entry.path)
    if (entry.xattrs !== undefined) this.losses.push({ path: entry.path, kind: 'xattrs' })
    switch (entry.type) {
      case 'directory':
        this.#makeDirectory(path)
        this.#directories.push(entry)
        return
      case 'file':
        this.#clear(path)
        this.#writeFile(path, entry)
        return
      case 'symlink':
        this.#clear(path)
        fs.symlinkSync(toFsPath(entry.linkname ?? ''), path)
        break
      case 'hardlink':
        this.#clear(path)
        if (this.#missing.has(entry.linkname)) this.#lose(entry)
        else fs.linkSync(this.#path(entry.linkname ?? ''), path)
        return
      case 'fifo':
      case 'character':
      case 'block':
        this.#clear(path)
        if (makeNode(entry, path)) break
        this.#missing.add(entry.path)
        this.#lose(entry)
        return
      default:
        unreachable(entry.type)
    }
    this.#setMetadata(path, entry)
  }

  finish(): void {
    for (const entry of this.#directories.reverse()) this.#setMetadata(this.#path(entry.path), entry)
  }

  close(): void {
    this.#files.close()
  }

  #path(path: string): string | Buffer {
    if (process.platform === 'win32' && /[\\:*?"<>|]/.test(path)) {
      throw new TsbuildError('OUTPUT_INVALID', `Windows can't have a file named ${JSON.stringify(path)}`)
    }
    return toFsPath(`${this.#root}/${path}`)
  }

  /** Everything above is a real directory: it was made, or looked at, before. */
  #makeDirectory(path: string | Buffer): void {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory()) {
      if (!this.#asRoot) fs.chmodSync(path, stat.mode | 0o700)
      return
    }
    if (stat) fs.unlinkSync(path)
    fs.mkdirSync(path, 0o700)
  }

  #clear(path: string | Buffer): void {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory()) fs.rmSync(path, { recursive: true })
    else if (stat) fs.unlinkSync(path)
  }

  #writeFile(path: string | Buffer, entry: SourceEntry): void {
    const file = fs.openSync(path, 'wx', 0o600)
    try {
      this.#files.begin(entry)
      for (let left = entry.size; left > 0; ) {
        const length = Math.min(COPY_CHUNK, left)
        this.#files.read(this.#buffer, 0, length)
        for (let at = 0; at < length; ) at += fs.writeSync(file, this.#buffer, at, length - at)
        left -= length
      }
      this.#files.end()
      fs.fchmodSync(file, entry.mode)
      fs.futimesSync(file, entry.mtime, entry.mtime)
    } finally {
      fs.closeSync(file)
    }
    this.bytes += entry.size
  }

  #setMetadata(path: string | Buffer, entry: SourceEntry): void {
    if (entry.type === 'symlink') {
      fs.lutimesSync(path, entry.mtime, entry.mtime)
    } else {
      fs.chmodSync(path, entry.mode)
      fs.utimesSync(path, entry.mtime, entry.mtime)
    }
  }

  #lose(entry: SourceEntry): void {
    this.losses.push({ path: entry.path, kind: 'node' })
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
