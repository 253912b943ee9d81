import { createHash, hash } from 'node:crypto'
import { ContentFiles } from './content-files.ts'
import type { SourceEntry } from './entry.ts'

const CHUNK = 1024 * 1024

const files = new ContentFiles()
const buffer = Buffer.allocUnsafeSlow(CHUNK + 1)

/**
 * The sha256 of a file's content as hex. A digest that the entry has is trusted. Errors as {@link ContentFiles}
 * does.
 */
export function hashContent(entry: SourceEntry): string {
  if (entry.sha256 !== undefined) return entry.sha256
  try {
    files.begin(entry)
    const first = Math.min(CHUNK, entry.size)
    files.read(buffer, 0, first)
    if (entry.size <= CHUNK) {
      files.end()
      return hash('sha256', buffer.subarray(0, first), 'hex')
    }
    const hasher = createHash('sha256').update(buffer.subarray(0, first))
    for (let left = entry.size - first; left > 0; ) {
      const length = Math.min(CHUNK, left)
      files.read(buffer, 0, length)
      hasher.update(buffer.subarray(0, length))
      left -= length
    }
    files.end()
    return hasher.digest('hex')
  } finally {
    // Ranges are closed, too: no caller announces the last entry.
    files.close()
  }
}
