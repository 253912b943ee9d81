// A content reader over a map, and a small image to put in it.
import { gzipSync } from 'node:zlib'
import { TsbuildError } from '../../lib/base/errors.ts'
import type { ContentReader } from '../../lib/oci/content.ts'
import { sha256, verifyBytes, verifyStream } from '../../lib/oci/digest.ts'
import { type ImageParts, writeImage } from '../../lib/oci/manifest.ts'
import { OCI_LAYER_GZIP } from '../../lib/oci/media-types.ts'
import type { Descriptor, DiffID, Digest, Image, Layer } from '../../lib/oci/types.ts'

/** A tar without entries. */
export const emptyTar: Uint8Array = new Uint8Array(1024)

/** Verified as every reader is, over bytes that a test may spoil. */
export interface MemoryStore extends ContentReader {
  readonly blobs: Map<Digest, Uint8Array>
  put(bytes: Uint8Array, mediaType: string): Descriptor
  writeDerived(kind: string, digest: Digest, bytes: Uint8Array | Iterable<Uint8Array>): void
}

export function memoryStore(): MemoryStore {
  const blobs = new Map<Digest, Uint8Array>()
  const get = (digest: Digest): Uint8Array => {
    const bytes = blobs.get(digest)
    if (!bytes) throw new TsbuildError('BLOB_NOT_FOUND', `blob ${digest} is not in memory`)
    return bytes
  }
  return {
    blobs,
    writeDerived: () => {},
    has: (digest) => blobs.has(digest),
    async *open(descriptor) {
      yield* verifyStream([get(descriptor.digest)], descriptor)
    },
    read: async (descriptor) => {
      const bytes = get(descriptor.digest)
      verifyBytes(bytes, descriptor)
      return bytes
    },
    put: (bytes, mediaType) => {
      const descriptor = { mediaType, digest: sha256(bytes), size: bytes.byteLength }
      blobs.set(descriptor.digest, bytes)
      return descriptor
    },
  }
}

/** Puts bytes that stand for a plain tar into a store, compressed. */
export function putLayer(store: Pick<MemoryStore, 'put'>, plain: Uint8Array): Layer {
  return { descriptor: store.put(gzipSync(plain), OCI_LAYER_GZIP), diffID: sha256(plain) as DiffID }
}

/** An image of the given plain layers; its other parts may be given too. */
export function putImage(
  store: Pick<MemoryStore, 'put' | 'writeDerived'>,
  plain: readonly Uint8Array[],
  parts: Partial<ImageParts> = {},
): Image {
  const layers = plain.map((bytes) => putLayer(store, bytes))
  return writeImage(store, {
    config: { created: '2024-01-02T03:04:05Z', config: { Env: ['PATH=/bin'], Cmd: ['/bin/true'] } },
    layers,
    history: layers.map((_, index) => ({ created: '2024-01-02T03:04:05Z', created_by: `COPY ${index} /` })),
    platform: { os: 'linux', architecture: 'amd64' },
    ...parts,
  })
}
