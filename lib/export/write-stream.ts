// Bytes to where an output goes: a file that appears whole or not at all, or standard output.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { isSystemError } from '../base/errno.ts'
import { TsbuildError } from '../base/errors.ts'

export interface WriteStreamOptions {
  readonly signal?: AbortSignal | undefined
  /** Where `-` goes; default the process's standard output. */
  readonly stdout?: Writable | undefined
}

/**
 * Writes chunks to a path, or to standard output if that is `-`, and gives the number of bytes. A file is written under a
 * temporary name beside it and renamed when it is whole; missing directories are made. What is no regular file (a fifo,
 * /dev/stdout) is written to as it is. Errors with `OUTPUT_IO`, and whatever the chunks error with.
 */
export async function writeStream(
  dest: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: WriteStreamOptions = {},
): Promise<number> {
  if (dest === '-') return writeToStream(options.stdout ?? process.stdout, chunks, options.signal)
  const stat = outputIO(dest, () => statSync(dest, { throwIfNoEntry: false }))
  if (stat?.isDirectory()) {
    throw new TsbuildError('OUTPUT_IO', `can not write ${JSON.stringify(dest)}: it is a directory`)
  }
  if (stat && !stat.isFile()) return writeToFile(dest, dest, 'w', chunks, options.signal)
  // Through a symlink, so that it stays one.
  const target = stat ? outputIO(dest, () => realpathSync(dest)) : dest
  const temporary = join(dirname(target), `.tsbuild-${process.pid}-${randomBytes(6).toString('hex')}`)
  outputIO(dest, () => mkdirSync(dirname(target), { recursive: true }))
  try {
    const size = await writeToFile(dest, temporary, 'wx', chunks, options.signal)
    outputIO(dest, () => renameSync(temporary, target))
    return size
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Runs a filesystem operation for an output; what goes wrong errors with `OUTPUT_IO`. */
export function outputIO<T>(dest: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw outputError(dest, cause)
  }
}

/** An error from the filesystem as one about an output; an error that has a code of its own stays what it is. */
export function outputError(dest: string, cause: unknown): unknown {
  if (!isSystemError(cause)) return cause
  return new TsbuildError('OUTPUT_IO', `can not write ${JSON.stringify(dest)}: ${cause.message}`, { cause })
}

async function writeToFile(
  dest: string,
  path: string,
  flags: 'w' | 'wx',
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const file = outputIO(dest, () => openSync(path, flags))
  let size = 0
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted()
      outputIO(dest, () => {
        for (let at = 0; at < chunk.byteLength; ) at += writeSync(file, chunk, at, chunk.byteLength - at)
      })
      size += chunk.byteLength
      // A synchronous source would never let the signal in.
      await new Promise(setImmediate)
    }
  } finally {
    closeSync(file)
  }
  return size
}

async function writeToStream(
  stream: Writable,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<number> {
  let failure: unknown
  const onError = (error: unknown): void => {
    failure = error
  }
  stream.on('error', onError)
  let size = 0
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted()
      // A copy, since the stream may keep it after the source has used its buffer again.
      if (!stream.write(Buffer.from(chunk))) await once(stream, 'drain', { signal })
      if (failure) break
      size += chunk.byteLength
      await new Promise(setImmediate)
    }
    // A reader that went away is noticed only when the last bytes are to be flushed.
    if (!failure) await flush(stream)
  } catch (error) {
    failure ??= error
  } finally {
    stream.off('error', onError)
  }
  signal?.throwIfAborted()
  if (failure) throw outputError('standard output', failure)
  return size
}

function flush(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => stream.write('', (error) => (error ? reject(error) : resolve())))
}
