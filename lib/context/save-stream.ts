import { closeSync, openSync, writeSync } from 'node:fs'
import { TsbuildError } from '../errors.ts'

/** Bytes of an archive on a stream, before it is unpacked. */
export const MAX_STREAM: number = 32 * 2 ** 30

/** Writes a stream to a new file. Errors with `ARCHIVE_TOO_LARGE`, with `STORE_IO`, and with what the stream errors with. */
export async function saveStream(
  stream: AsyncIterable<Uint8Array>,
  path: string,
  options: { readonly signal?: AbortSignal | undefined; readonly limit?: number },
): Promise<void> {
  const { signal, limit = MAX_STREAM } = options
  const file = openSync(path, 'wx')
  try {
    let size = 0
    for await (const chunk of stream) {
      signal?.throwIfAborted()
      size += chunk.byteLength
      if (size > limit) throw new TsbuildError('ARCHIVE_TOO_LARGE', `the build context has more than ${limit} bytes`)
      write(file, chunk)
    }
  } finally {
    closeSync(file)
  }
}

function write(file: number, chunk: Uint8Array): void {
  try {
    for (let at = 0; at < chunk.byteLength; ) at += writeSync(file, chunk, at, chunk.byteLength - at)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TsbuildError('STORE_IO', `cannot keep the build context: ${reason}`, { cause })
  }
}
