import { statfsSync } from 'node:fs'
import { TsbuildError } from '../../base/errors.ts'
import { inputLimit, LIMIT_HINT } from '../../base/input-limit.ts'
import type { ContentStore } from '../../oci/content.ts'

/** A disk is never filled beyond this part of what is free. */
const USABLE = 0.9

/**
 * A store to unpack into: a blob of it can't be larger than {@link inputLimit}, nor than what the disk has. A bomb of a few kilobytes
 * errors with `ARCHIVE_TOO_LARGE` instead of filling the disk.
 */
export function withUnpackLimit<T extends ContentStore & { readonly root: string }>(
  store: T,
  most: number = inputLimit(),
): T {
  const { bavail, bsize } = statfsSync(store.root)
  const limit = Math.min(most, Math.floor(bavail * bsize * USABLE))
  const createWriter: ContentStore['createWriter'] = () => {
    const writer = store.createWriter()
    let size = 0
    return {
      ...writer,
      write: (chunk) => {
        size += chunk.byteLength
        if (size > limit) throw tooLarge(limit, limit < most)
        writer.write(chunk)
      },
    }
  }
  return { ...store, createWriter }
}

function tooLarge(limit: number, isDisk: boolean): TsbuildError {
  return new TsbuildError('ARCHIVE_TOO_LARGE', `the archive has more than ${limit} bytes once it is unpacked`, {
    hint: isDisk ? 'that is what the disk of the store has left; TSBUILD_HOME names another one' : LIMIT_HINT,
  })
}
