import { TsbuildError } from '../../base/errors.ts'
import { inputLimit, LIMIT_HINT } from '../../base/input-limit.ts'
import type { ContentStore } from '../../oci/content.ts'

const DISK_HINT =
  'the disk of the store has no more free space; free some, or set TSBUILD_HOME to a directory on another disk'
/** The part of the free space of a disk that unpacking may use. */
const USABLE = 0.9

/**
 * A store to unpack into: a blob of it can't be larger than {@link inputLimit}, nor than what the disk has. A
 * bomb of a few kilobytes errors with `ARCHIVE_TOO_LARGE` instead of filling the disk.
 */
export function withUnpackLimit<T extends ContentStore>(store: T, most: number = inputLimit()): T {
  const limit = Math.min(most, Math.floor(store.freeSpace() * USABLE))
  const createWriter: ContentStore['createWriter'] = () => {
    const writer = store.createWriter()
    let size = 0
    return {
      ...writer,
      write: (chunk) => {
        size += chunk.byteLength
        if (size > limit) throw tooLarge(limit, limit < most ? DISK_HINT : LIMIT_HINT)
        writer.write(chunk)
      },
    }
  }
  return { ...store, createWriter }
}

function tooLarge(limit: number, hint: string): TsbuildError {
  return new TsbuildError('ARCHIVE_TOO_LARGE', `the archive has more than ${limit} bytes once it is unpacked`, { hint })
}
