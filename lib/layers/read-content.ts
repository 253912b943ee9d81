import { TsbuildError } from '../base/errors.ts'
import { ContentFiles } from './content-files.ts'
import type { SourceEntry } from './entry.ts'

/**
 * The whole content of a small file, such as `/etc/passwd`. Errors with `LAYER_INVALID` if it has more than
 * `limit` bytes, otherwise as {@link ContentFiles} does.
 */
export function readContent(entry: SourceEntry, limit: number): Uint8Array {
  if (entry.size > limit) {
    const name = JSON.stringify(entry.path)
    throw new TsbuildError('LAYER_INVALID', `${name} has ${entry.size} bytes, expected at most ${limit}`)
  }
  // Reading requests one byte more than there should be.
  const buffer = Buffer.alloc(entry.size + 1)
  const files = new ContentFiles()
  try {
    files.begin(entry)
    files.read(buffer, 0, entry.size)
    files.end()
  } finally {
    files.close()
  }
  return buffer.subarray(0, entry.size)
}
