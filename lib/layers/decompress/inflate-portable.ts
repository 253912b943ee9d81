// Decompression that some versions of Node.js lack or do badly. Loaded when needed.
import { ReadableStream } from 'node:stream/web'
import { TsbuildError } from '../../base/errors.ts'

export type PortableCompression = 'bzip2' | 'xz' | 'zstd'

export interface DamageOptions {
  /** Whether all data before the damage is yielded first. */
  readonly careful: boolean
}

/**
 * Decompresses a source, and yields bytes as soon as there are some, however much output a little input makes.
 * Damage is a plain error with the reason. Errors with `ARCHIVE_UNSUPPORTED` for sound data that can't be read.
 */
export async function* inflatePortable(
  source: AsyncIterable<Uint8Array>,
  algorithm: PortableCompression,
  damage: DamageOptions,
): AsyncGenerator<Uint8Array> {
  switch (algorithm) {
    case 'bzip2':
      yield* (await import('./inflate-bzip2.ts')).inflateBzip2(source)
      break
    case 'xz':
      yield* inflateXz(source)
      break
    case 'zstd':
      yield* (await import('./inflate-zstd.ts')).inflateZstd(source, damage)
      break
  }
}

async function* inflateXz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // The package is CommonJS whose exports Node.js can not name in advance.
  const {
    default: { XzReadableStream },
  } = await import('xz-decompress')
  const output: AsyncIterable<Uint8Array> = new XzReadableStream(ReadableStream.from(source))
  try {
    yield* output
  } catch (error) {
    const code = /error code (\d+)$/.exec(error instanceof Error ? error.message : '')?.[1]
    throw code === undefined ? error : xzError(Number(code), error)
  }
}

/** The result codes of xz-embedded (its xz.h). */
function xzError(code: number, cause: unknown): Error {
  if (code === 3 || code === 4) return unsupported('with a dictionary that is too large', cause)
  if (code === 2 || code === 6) return unsupported('with a filter or a check that this program does not know', cause)
  return new Error(code === 8 ? 'it is cut off' : 'it is damaged', { cause })
}

function unsupported(what: string, cause: unknown): TsbuildError {
  return new TsbuildError('ARCHIVE_UNSUPPORTED', `xz data ${what}`, {
    hint: 'compress it without filters, with --check=crc64',
    cause,
  })
}
