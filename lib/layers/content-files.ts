// Synchronous reading of entries' content into buffers that the caller reuses: one open, one read, one close
// for a small file.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { errnoOf, hasErrno } from '../base/errno.ts'
import { TsbuildError } from '../base/errors.ts'
import type { FileStat, SourceEntry } from './entry.ts'
import { toFsPath } from './paths/path-bytes.ts'
import { dataIn } from './tar/sparse-map.ts'

/** A path that was a file when it was listed may be a fifo, a device or a symlink now. */
const OPEN = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
const MAX_OPEN_RANGES = 16

/**
 * Reads one entry after the other: {@link begin}, then {@link read} until all of `size` is read, then {@link
 * end}. Errors with `CONTEXT_CHANGED` if a file is no longer what its entry says, with `CONTEXT_INVALID` if it
 * can't be read, with `LAYER_INVALID` if a range is cut off, and with `BLOB_NOT_FOUND` if the plain layer of a
 * range is gone.
 */
export class ContentFiles {
  /** Plain layers that ranges are read from: thousands of entries share one. */
  readonly #ranges = new Map<string, number>()
  #entry: SourceEntry | undefined
  #file = -1
  #position = 0

  begin(entry: SourceEntry): void {
    const { content, size } = entry
    this.#entry = entry
    this.#position = 0
    // The file of the previous entry is closed, and its number may belong to another file.
    this.#file = -1
    if (content === undefined) {
      if (size > 0) throw new Error(`bug: ${JSON.stringify(entry.path)} has a size but no content`)
    } else if (content.kind === 'file') {
      this.#file = openFile(entry, content.path)
    } else if (content.kind === 'range') {
      if (size > 0) this.#file = this.#openRange(content.path)
      // In a file with holes, the position is that in the file, not in the layer.
      if (!content.sparse) this.#position = content.offset
    } else if (content.bytes.length !== size) {
      throw changed(entry, `expected ${size} bytes, got ${content.bytes.length}`)
    }
  }

  /**
   * Reads the next `length` bytes. With the last bytes of a file whose status is unknown, one more byte is
   * requested, so that a file that grew is noticed: the buffer needs room for it.
   */
  read(buffer: Buffer, offset: number, length: number): void {
    const entry = this.#entry
    const content = entry?.content
    if (entry === undefined || content === undefined) return
    if (content.kind === 'bytes') {
      buffer.set(content.bytes.subarray(this.#position, this.#position + length), offset)
    } else if (content.kind === 'range' && content.sparse) {
      buffer.fill(0, offset, offset + length)
      for (const data of dataIn(content.sparse, this.#position, length)) {
        const got = this.#readFully(entry, buffer, offset + data.at, data.length, content.offset + data.stored)
        if (got !== data.length) throw cutOff(entry)
      }
    } else {
      const probe = content.kind === 'file' && !entry.stat && this.#position + length === entry.size ? 1 : 0
      const got = this.#readFully(entry, buffer, offset, length + probe, this.#position)
      if (got !== length) throw content.kind === 'file' ? sizeChanged(entry, this.#position + got) : cutOff(entry)
    }
    this.#position += length
  }

  end(): void {
    const entry = this.#entry
    if (entry?.content?.kind === 'file') {
      // The file may have been replaced by one of the same size, or written to while it was read, and a known
      // digest is not checked.
      if (entry.stat) checkStatus(entry, entry.stat, this.#file)
      closeSync(this.#file)
    }
    this.#entry = undefined
  }

  /** Closes everything, also in the middle of an entry. */
  close(): void {
    if (this.#entry?.content?.kind === 'file' && this.#file !== -1) closeSync(this.#file)
    this.#entry = undefined
    for (const file of this.#ranges.values()) closeSync(file)
    this.#ranges.clear()
  }

  #readFully(entry: SourceEntry, buffer: Buffer, offset: number, length: number, position: number): number {
    try {
      let got = 0
      while (got < length) {
        const read = readSync(this.#file, buffer, offset + got, length - got, position + got)
        if (read === 0) break
        got += read
      }
      return got
    } catch (cause) {
      // The errors of reading a directory, a fifo and a terminal.
      if (hasErrno(cause, 'EISDIR', 'ESPIPE', 'EAGAIN'))
        throw changed(entry, 'it is not a regular file any more', cause)
      throw new TsbuildError('CONTEXT_INVALID', `cannot read ${JSON.stringify(entry.path)}: ${errnoOf(cause)}`, {
        cause,
      })
    }
  }

  #openRange(path: string): number {
    const open = this.#ranges.get(path)
    if (open !== undefined) return open
    const [oldest] = this.#ranges
    if (oldest !== undefined && this.#ranges.size >= MAX_OPEN_RANGES) {
      closeSync(oldest[1])
      this.#ranges.delete(oldest[0])
    }
    const file = openPlain(path)
    this.#ranges.set(path, file)
    return file
  }
}

function openFile(entry: SourceEntry, path: string): number {
  try {
    return openSync(toFsPath(path), OPEN)
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR'))
      throw changed(entry, `it is gone (${errnoOf(cause)})`, cause)
    throw new TsbuildError('CONTEXT_INVALID', `cannot read ${JSON.stringify(path)}: ${errnoOf(cause)}`, { cause })
  }
}

function checkStatus(entry: SourceEntry, before: FileStat, file: number): void {
  const { mtimeMs, ctimeMs, ino, dev, size } = fstatSync(file)
  if (ino !== before.ino || dev !== before.dev) throw changed(entry, 'another file has replaced it')
  if (size !== entry.size) throw sizeChanged(entry, size)
  if (mtimeMs !== before.mtimeMs) throw changed(entry, 'it was written to')
  if (ctimeMs !== before.ctimeMs) throw changed(entry, 'its status changed')
}

function openPlain(path: string): number {
  try {
    return openSync(toFsPath(path), constants.O_RDONLY)
  } catch (cause) {
    throw new TsbuildError('BLOB_NOT_FOUND', `cannot read ${JSON.stringify(path)}`, { cause })
  }
}

function sizeChanged(entry: SourceEntry, got: number): TsbuildError {
  const more = got > entry.size ? 'more' : `only ${got}`
  return changed(entry, `expected ${entry.size} bytes, got ${more}`)
}

function changed(entry: SourceEntry, how: string, cause?: unknown): TsbuildError {
  const { content } = entry
  const path = content?.kind === 'file' ? content.path : entry.path
  return new TsbuildError('CONTEXT_CHANGED', `${JSON.stringify(path)} changed while it was read: ${how}`, {
    hint: 'write nothing to the build context during a build, or exclude the files that change in .dockerignore',
    cause,
  })
}

function cutOff(entry: SourceEntry): TsbuildError {
  return new TsbuildError('LAYER_INVALID', `the content of ${JSON.stringify(entry.path)} is cut off in the store`)
}
