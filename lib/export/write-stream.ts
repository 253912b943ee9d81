// Writes the bytes of an output to a file or to standard output.
import { once } from 'node:events'
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ifExists, isSystemError } from '../base/errno.ts'
import { TsbuildError } from '../base/errors.ts'
import { remedyOf } from '../base/system-failure.ts'
import type { Destination } from './output.ts'
import { sweepTemporaryOutputs, temporaryOutput } from './temporary-outputs.ts'

export interface WriteStreamOptions {
  readonly signal?: AbortSignal | undefined
  /** The stream for `-`; default the standard output of the process. */
  readonly stdout?: Writable | undefined
}

/**
 * Writes chunks to a path, to standard output if that is `-`, or to a stream, and returns the number of bytes. A file
 * is written under a temporary name beside it and renamed when it is complete, so it appears whole or not at all.
 * Missing directories are created. An existing fifo or device (such as /dev/stdout) is written to directly.
 * Errors with `OUTPUT_IO`, and as the chunks do.
 */
export async function writeStream(
  dest: Destination,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: WriteStreamOptions = {},
): Promise<number> {
  if (typeof dest === 'object') return writeToGivenStream(dest, chunks, options.signal)
  if (dest === '-') {
    if (!options.stdout) refuseClosedOutput()
    return writeToStream(options.stdout ?? process.stdout, { dest, chunks, signal: options.signal })
  }
  const stat = outputIO(dest, () => statSync(dest, { throwIfNoEntry: false }))
  if (stat?.isDirectory()) {
    throw new TsbuildError('OUTPUT_IO', `cannot write ${JSON.stringify(dest)}: it is a directory`)
  }
  if (stat && !stat.isFile()) return writeToFile({ dest, path: dest, flags: 'w', chunks, signal: options.signal })
  // A symlink stays, and the file that it points to is replaced.
  const target = stat ? outputIO(dest, () => realpathSync(dest)) : dest
  const directory = dirname(target)
  const temporary = temporaryOutput(directory)
  outputIO(dest, () => mkdirSync(directory, { recursive: true }))
  sweepTemporaryOutputs(directory)
  try {
    const size = await writeToFile({ dest, path: temporary, flags: 'wx', chunks, signal: options.signal })
    outputIO(dest, () => renameSync(temporary, target))
    return size
  } finally {
    rmSync(temporary, { force: true })
  }
}

/**
 * Refuses to write an output to a standard output that was closed when this process started (`>&-`). Node.js opens the
 * null device in its place, for reading and writing, which a shell's `> /dev/null` does not. Errors with `OUTPUT_IO`.
 */
export function refuseClosedOutput(): void {
  if (process.platform !== 'linux' || !isNullDevice(1) || !isOpenForReading(1)) return
  throw new TsbuildError('OUTPUT_IO', 'cannot write standard output: it is closed', {
    hint: 'redirect it to a file, or name a file with dest=FILE',
  })
}

function isNullDevice(file: number): boolean {
  const stat = fstatSync(file)
  const device = statSync('/dev/null', { throwIfNoEntry: false })
  return stat.isCharacterDevice() && stat.rdev === device?.rdev
}

function isOpenForReading(file: number): boolean {
  const info = ifExists(() => readFileSync(`/proc/self/fdinfo/${file}`, 'utf8')) ?? ''
  const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? '', 8)
  return (flags & (constants.O_RDWR | constants.O_WRONLY)) === constants.O_RDWR
}

/** Runs a filesystem operation for an output. Errors of the system become `OUTPUT_IO`. */
export function outputIO<T>(dest: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw outputError(dest, cause)
  }
}

/** Turns a system error into an `OUTPUT_IO` error about an output; other errors are returned as they are. */
export function outputError(dest: string, cause: unknown): unknown {
  if (!isSystemError(cause)) return cause
  const name = dest === STREAM ? 'the stream' : dest === '-' ? 'standard output' : JSON.stringify(dest)
  return new TsbuildError('OUTPUT_IO', `cannot write ${name}: ${cause.message}`, { cause, hint: remedyOf(cause) })
}

interface FileTarget {
  /** The path that messages name. */
  readonly dest: string
  /** The path to write to. */
  readonly path: string
  readonly flags: 'w' | 'wx'
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  readonly signal: AbortSignal | undefined
}

async function writeToFile({ dest, path, flags, chunks, signal }: FileTarget): Promise<number> {
  const file = outputIO(dest, () => openSync(path, flags))
  let size = 0
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted()
      outputIO(dest, () => {
        for (let at = 0; at < chunk.byteLength; ) at += writeSync(file, chunk, at, chunk.byteLength - at)
      })
      size += chunk.byteLength
      // Gives the signal a chance to fire, since a synchronous source never yields to the event loop.
      await new Promise(setImmediate)
    }
  } finally {
    closeSync(file)
  }
  return size
}

/** The name of a destination in messages and results. */
export const destinationName = (dest: Destination): string => (typeof dest === 'string' ? dest : '-')

/** The caller's stream in messages; no path is empty. */
const STREAM = ''

/** Ends the caller's stream after the last byte. Destroys it if anything fails, so that its reader notices. */
async function writeToGivenStream(
  dest: Writable | WritableStream<Uint8Array>,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const stream = 'getWriter' in dest ? Writable.fromWeb(dest) : dest
  try {
    const size = await writeToStream(stream, { dest: STREAM, chunks, signal })
    stream.end()
    await finished(stream, { readable: false })
    return size
  } catch (error) {
    stream.destroy(error instanceof Error ? error : undefined)
    throw outputError(STREAM, error)
  }
}

async function writeToStream(
  stream: Writable,
  { dest, chunks, signal }: Pick<FileTarget, 'dest' | 'chunks' | 'signal'>,
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
      // A copy, since the stream may hold the chunk until after the source has reused its buffer.
      if (!stream.write(Buffer.from(chunk))) await once(stream, 'drain', { signal })
      if (failure) break
      size += chunk.byteLength
      await new Promise(setImmediate)
    }
    // A reader that has gone away is noticed only when the last bytes are flushed.
    if (!failure) await flush(stream)
  } catch (error) {
    failure ??= error
  } finally {
    stream.off('error', onError)
  }
  signal?.throwIfAborted()
  if (failure) throw outputError(dest, failure)
  return size
}

function flush(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => stream.write('', (error) => (error ? reject(error) : resolve())))
}
