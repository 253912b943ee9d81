import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { errnoOf } from '../../base/errno.ts'
import { messageOf, TsbuildError } from '../../base/errors.ts'
import { asBuffer } from '../paths/path-bytes.ts'
import { type ArchiveCompression, DETECT_LENGTH, detectCompression } from './compression-magic.ts'
import type { DamageOptions, PortableCompression } from './inflate-portable.ts'

/** The output buffers of gunzip, in bytes. */
interface Pace {
  readonly chunkSize: number
  readonly highWaterMark?: number
}
const FAST: Pace = { chunkSize: 256 * 1024 }
/**
 * Damage makes a decoder drop its whole output buffer: a small buffer loses little of the sound data before the
 * damage.
 */
const CAREFUL: Pace = { chunkSize: 64, highWaterMark: 64 }

export interface DecompressOptions {
  /**
   * Yields all data before damage, up to the byte, but slowly: for looking at the start of an archive. Default
   * false.
   */
  readonly careful?: boolean
}

/**
 * The bytes of a source, decompressed if their magic says that they are compressed. Reads the source to its
 * end, so that a source that verifies itself does; its errors come through. Errors with `ARCHIVE_INVALID` for
 * damaged data or bytes after its end, with `ARCHIVE_UNSUPPORTED` for sound data that this program can't read.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  { careful = false }: DecompressOptions = {},
): AsyncGenerator<Buffer, void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  try {
    const head = await readHead(iterator)
    const rest = replay(head, iterator)
    const algorithm = detectCompression(Buffer.concat(head))
    if (algorithm === undefined) yield* rest
    else yield* inflate(careful ? inPieces(rest) : rest, algorithm, { careful })
  } finally {
    await iterator.return?.()
  }
}

async function readHead(iterator: AsyncIterator<Uint8Array>): Promise<readonly Buffer[]> {
  const head: Buffer[] = []
  for (let length = 0; length < DETECT_LENGTH; ) {
    const step = await iterator.next()
    if (step.done) break
    // Some sources use a chunk's memory again.
    head.push(Buffer.from(step.value))
    length += step.value.length
  }
  return head
}

async function* replay(head: readonly Buffer[], iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Buffer> {
  yield* head
  for (let step = await iterator.next(); !step.done; step = await iterator.next()) yield asBuffer(step.value)
}

async function* inPieces(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += CAREFUL.chunkSize) yield chunk.subarray(at, at + CAREFUL.chunkSize)
  }
}

function inflate(
  source: AsyncGenerator<Buffer>,
  algorithm: ArchiveCompression,
  damage: DamageOptions,
): AsyncGenerator<Buffer> {
  return algorithm === 'gzip' ? gunzip(source, damage) : inflateElsewhere(source, algorithm, damage)
}

async function* gunzip(source: AsyncGenerator<Buffer>, { careful }: DamageOptions): AsyncGenerator<Buffer> {
  let ended = false
  async function* watched(): AsyncGenerator<Buffer> {
    yield* source
    ended = true
  }
  // Errors of both sides arrive below, as the stream's.
  const output = pipeline(
    Readable.from(watched(), { objectMode: false }),
    createGunzip(careful ? CAREFUL : FAST),
    () => {},
  )
  try {
    for await (const chunk of output) yield chunk as Buffer
  } catch (error) {
    throw isDamage(error) ? invalid('gzip', error.message, error) : error
  }
  if (!ended) throw invalid('gzip', 'there are bytes after its end')
}

/** Decompresses with a package. An error of the package is about the data, unless the source threw it. */
async function* inflateElsewhere(
  source: AsyncGenerator<Buffer>,
  algorithm: PortableCompression,
  damage: DamageOptions,
): AsyncGenerator<Buffer> {
  let sourceError: unknown
  async function* watched(): AsyncGenerator<Buffer> {
    try {
      yield* source
    } catch (error) {
      sourceError = error
      throw error
    }
  }
  const { inflatePortable } = await import('./inflate-portable.ts')
  try {
    for await (const chunk of inflatePortable(watched(), algorithm, damage)) yield asBuffer(chunk)
  } catch (error) {
    if (sourceError !== undefined) throw sourceError
    if (error instanceof TsbuildError) throw error
    throw invalid(algorithm, messageOf(error), error)
  }
}

function isDamage(error: unknown): error is Error {
  return errnoOf(error)?.startsWith('Z_') === true
}

function invalid(algorithm: ArchiveCompression, what: string, cause?: unknown): TsbuildError {
  return new TsbuildError('ARCHIVE_INVALID', `invalid ${algorithm} data: ${what}`, { cause })
}
