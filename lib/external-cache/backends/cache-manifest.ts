// Manifests of caches, in registries and in directories alike.
import { TsbuildError } from '../../base/errors.ts'
import { blobNotFound } from '../../oci/blob-file.ts'
import { sha256 } from '../../oci/digest.ts'
import type { Descriptor } from '../../oci/types.ts'
import type { BlobOrigin } from '../../registry/pull/pull-blobs.ts'

/** The media type of the index in a cache of BuildKit. */
const BUILDKIT_CACHE = 'application/vnd.buildkit.cacheconfig.v0'

/** Refuses a cache of BuildKit. Its keys are made of other things, so none of them would ever be a hit. */
export function refuseForeign({ mediaType }: Descriptor, name: string): void {
  if (mediaType !== BUILDKIT_CACHE) return
  throw new TsbuildError(
    'CACHE_INVALID',
    `${JSON.stringify(name)} is a cache of BuildKit, which only BuildKit can use`,
    {
      hint: 'export to another name, which the first build with --cache-to fills',
    },
  )
}

/** A reader of one blob in memory. */
export function bytesReader(bytes: Uint8Array): BlobOrigin {
  const digest = sha256(bytes)
  const check = (wanted: Pick<Descriptor, 'digest'>): void => {
    if (wanted.digest !== digest) throw blobNotFound(wanted.digest, 'memory')
  }
  return {
    has: (wanted) => wanted === digest,
    read: async (wanted) => {
      check(wanted)
      return bytes
    },
    async *open(wanted) {
      check(wanted)
      yield bytes
    },
  }
}
