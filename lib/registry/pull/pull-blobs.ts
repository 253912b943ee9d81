import { TsbuildError } from '../../base/errors.ts'
import type { ContentReader, UnhashedReader } from '../../oci/content.ts'
import type { Descriptor } from '../../oci/types.ts'
import { inParallel } from '../in-parallel.ts'

/** The store that blobs are pulled into. */
export interface BlobTarget {
  holds(descriptor: Pick<Descriptor, 'digest' | 'size'>): boolean
  /** Verifies the digest of the blob. */
  copyBlob(from: ContentReader, descriptor: Descriptor, signal?: AbortSignal): Promise<void>
}

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with the bytes fetched so far, and the bytes to fetch in all. */
  readonly onProgress?: ((current: number, total: number) => void) | undefined
}

/** A reader that may be able to read without hashing. */
export type BlobOrigin = ContentReader & Partial<UnhashedReader>

const AT_ONCE = 4

/**
 * Pulls blobs into a store, four at once; blobs of the store cost nothing. A blob becomes visible when it is complete
 * and verified; a damaged one is fetched once more. Returns the bytes that were fetched. Errors as the reader and the
 * store do.
 */
export async function pullBlobs(
  target: BlobTarget,
  from: BlobOrigin,
  blobs: readonly Descriptor[],
  options: TransferOptions = {},
): Promise<number> {
  const { signal, onProgress } = options
  const unique = new Map(blobs.map((blob) => [blob.digest, blob]))
  const missing = [...unique.values()].filter((blob) => !target.holds(blob))
  const total = missing.reduce((sum, { size }) => sum + size, 0)
  let current = 0
  const count = (bytes: number): void => {
    current += bytes
    onProgress?.(current, total)
  }
  await inParallel(missing, AT_ONCE, signal, async (blob, own) => {
    let came = 0
    const counting = countingReader(from, (bytes) => {
      came += bytes
      count(bytes)
    })
    try {
      await target.copyBlob(counting, blob, own)
    } catch (error) {
      if (!(error instanceof TsbuildError) || error.code !== 'DIGEST_MISMATCH') throw error
      count(-came)
      await target.copyBlob(counting, blob, own)
    }
  })
  return total
}

function countingReader(from: BlobOrigin, count: (bytes: number) => void): ContentReader {
  return {
    ...from,
    async *open(descriptor, signal) {
      for await (const chunk of (from.openUnhashed ?? from.open)(descriptor, signal)) {
        count(chunk.byteLength)
        yield chunk
      }
    },
  }
}
