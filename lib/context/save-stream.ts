import { closeSync, openSync, writeSync } from 'node:fs'
import { messageOf, TsbuildError } from '../base/errors.ts'
import { inputLimit, LIMIT_HINT } from '../base/input-limit.ts'

/**
 * Writes a build context that comes as a stream to a new file. Errors with `ARCHIVE_TOO_LARGE`, `STORE_IO`, and
 * as the stream does.
 */
export async function saveStream(
  stream: AsyncIterable<Uint8Array>,
  path: string,
  options: { readonly signal?: AbortSignal | undefined; readonly limit?: number },
): Promise<void> {
  const { signal, limit = inputLimit() } = options
  const file = openSync(path, 'wx')
  try {
    let size = 0
    for await (const chunk of stream) {
      signal?.throwIfAborted()
      size += chunk.byteLength
      if (size > limit) throw tooLarge(limit)
      write(file, chunk)
    }
  } finally {
    closeSync(file)
  }
}

function tooLarge(limit: number): TsbuildError {
  return new TsbuildError('ARCHIVE_TOO_LARGE', `the build context has more than ${limit} bytes`, { hint: LIMIT_HINT })
}

function write(file: number, chunk: Uint8Array): void {
  try {
    for (let at = 0; at < chunk.byteLength; ) at += writeSync(file, chunk, at, chunk.byteLength - at)
  } catch (cause) {
    const reason = messageOf(cause)
    throw new TsbuildError('STORE_IO', `cannot store the build context: ${reason}`, { cause })
  }
}
