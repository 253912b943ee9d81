// The blobs of the store: files named by their digest, written once.
import { createHash } from 'node:crypto'
import { closeSync, rmSync, type Stats, statfsSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../base/errors.ts'
import { blobNotFound, openBlobFile, openUnhashedFile, readBlobFile } from '../oci/blob-file.ts'
import type { BlobWriter, ContentReader, UnhashedReader } from '../oci/content.ts'
import { digestMismatch, digestParts, digestPath, sha256 } from '../oci/digest.ts'
import type { Descriptor, Digest } from '../oci/types.ts'
import { createFile, renameInto, storeIO, writeAtomically } from './atomic-files.ts'
import { removeAllDamaged, removeDamaged } from './damaged-blobs.ts'
import type { PendingBlobs } from './pending-blobs.ts'
import { touchUsed } from './space/last-used.ts'
import type { Leases } from './space/leases.ts'
import type { TemporaryFiles } from './temporary-files.ts'

export interface Blobs extends ContentReader, UnhashedReader {
  path(digest: Digest): string
  plannedPath(digest: Digest): string
  freeSpace(): number
  size(digest: Digest): number
  createWriter(): BlobWriter
  put(bytes: Uint8Array, mediaType: string): Descriptor
  /**
   * Copies a blob from a reader, verified; does nothing if the store has it already. Errors with `DIGEST_MISMATCH`,
   * `BLOB_NOT_FOUND`.
   */
  copyBlob(from: ContentReader, descriptor: Descriptor, signal?: AbortSignal): Promise<void>
  /** Whether the store has the blob with exactly this size. A power failure may have cut its file short. */
  holds(descriptor: Pick<Descriptor, 'digest' | 'size'>): boolean
}

export interface BlobsOptions {
  readonly temporary: TemporaryFiles
  readonly pending: PendingBlobs
  readonly leases: Leases
  /** Called with the size of each new blob. */
  readonly onBytes: (bytes: number) => void
}

/**
 * Opens the blobs below a store's root. Each blob that is found or written is kept by the lease of the process. A kill
 * cannot damage a blob, since a blob gets its name when it is complete. Nothing waits for the disk: blobs are pending
 * until it has them, and those that a power cut damaged are removed when the store is opened. The next build makes them
 * again.
 */
export function openBlobs(root: string, { temporary, pending, leases, onBytes }: BlobsOptions): Blobs {
  const written: WrittenBlobs = new Map()
  const storeName = `the store ${JSON.stringify(root)}`
  const path = (digest: Digest): string => join(root, digestPath(digest))
  const statusOf = (digest: Digest): Stats | undefined => {
    const stat = storeIO(`reading ${digest}`, () => statSync(path(digest), { throwIfNoEntry: false }))
    return stat?.isFile() ? stat : undefined
  }
  const sizeOf = (digest: Digest): number | undefined => {
    const stat = statusOf(digest)
    if (!stat || !leases.keep(digest)) return stat?.size
    touchUsed(path(digest), stat)
    // A removal may have taken the blob before it was kept.
    return statusOf(digest)?.size
  }
  const beforeName = ({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): void => {
    leases.keep(digest)
    pending.add(digest)
    onBytes(size)
  }
  const existing = (digest: Digest): number => {
    const size = sizeOf(digest)
    if (size === undefined) throw blobNotFound(digest, storeName)
    return size
  }
  const holds: Blobs['holds'] = ({ digest, size }) => sizeOf(digest) === size
  const blobs: Blobs = {
    has: (digest) => sizeOf(digest) !== undefined,
    holds,
    path: (digest) => {
      existing(digest)
      return path(digest)
    },
    plannedPath: path,
    freeSpace: () => {
      const { bavail, bsize } = storeIO('asking for the free space', () => statfsSync(root))
      return bavail * bsize
    },
    size: existing,
    async *open(descriptor, signal) {
      existing(descriptor.digest)
      try {
        const open = isAsWritten(path(descriptor.digest), descriptor, written) ? openUnhashedFile : openBlobFile
        yield* open(path(descriptor.digest), descriptor, signal)
      } catch (error) {
        throw await discardDamaged(error, descriptor)
      }
    },
    openUnhashed: (descriptor, signal) => {
      // A blob of another size is damaged, and open() handles that.
      if (!holds(descriptor)) return blobs.open(descriptor, signal)
      return openUnhashedFile(path(descriptor.digest), descriptor, signal)
    },
    read: async (descriptor, limit) => {
      existing(descriptor.digest)
      return readBlobFile(path(descriptor.digest), descriptor, limit).catch(async (error: unknown) => {
        throw await discardDamaged(error, descriptor)
      })
    },
    createWriter: () => openWriter({ temporary: temporary.path(), path, holds, written, beforeName }),
    put: (bytes, mediaType) => {
      const descriptor = { mediaType, digest: sha256(bytes), size: bytes.byteLength }
      if (holds(descriptor)) return descriptor
      const beforeRename = (): void => beforeName(descriptor)
      writeAtomically(path(descriptor.digest), temporary.path(), bytes, { beforeRename })
      return descriptor
    },
    copyBlob: async (from, descriptor, signal) => {
      if (holds(descriptor)) return
      const writer = openWriter({ temporary: temporary.path(), path, holds, written, beforeName, expected: descriptor })
      try {
        for await (const chunk of from.open(descriptor, signal)) writer.write(chunk)
        writer.commit()
      } finally {
        writer.abort()
      }
    },
  }
  /** The blob is hashed again before it is removed, since the descriptor may be wrong instead. */
  const discardDamaged = async (error: unknown, { digest }: Pick<Descriptor, 'digest'>): Promise<unknown> => {
    if (!(error instanceof TsbuildError) || error.code !== 'DIGEST_MISMATCH') return error
    if (removeDamaged(root, [digest]).length === 0) return error
    // Damage seldom comes alone, and each build would find one more.
    const others = await removeAllDamaged(root)
    return error.with({
      message: `blob ${digest} in ${storeName} was damaged and has been removed`,
      details: others.length === 0 ? [] : ['these were damaged, too, and have been removed:', ...others],
      hint: 'run the build again: it makes what is missing again',
    })
  }
  return blobs
}

/** The ctime of each blob that this process wrote, which the rename to its name set. */
type WrittenBlobs = Map<Digest, number>

/** Smaller blobs are hashed in no time. */
const WORTH_KNOWING = 1 << 20

/**
 * Whether this process wrote and hashed the blob, and nothing has touched it since: then reading it need not hash it
 * again.
 */
function isAsWritten(
  path: string,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  written: WrittenBlobs,
): boolean {
  const time = size < WORTH_KNOWING ? undefined : written.get(digest)
  if (time === undefined) return false
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat?.ctimeMs === time && stat.size === size
}

interface WriterOptions {
  /** The path of the temporary file. */
  readonly temporary: string
  readonly path: (digest: Digest) => string
  readonly holds: Blobs['holds']
  readonly written: WrittenBlobs
  /** Called when the file of a blob is complete, before it gets its name. */
  readonly beforeName: (blob: Pick<Descriptor, 'digest' | 'size'>) => void
  /** The descriptor that the blob must match. */
  readonly expected?: Descriptor
}

function openWriter({ temporary, path, holds, written, beforeName, expected }: WriterOptions): BlobWriter {
  const algorithm = expected ? digestParts(expected.digest).algorithm : 'sha256'
  const hasher = createHash(algorithm)
  let file: number | undefined = storeIO(`creating ${JSON.stringify(temporary)}`, () => createFile(temporary))
  let size = 0
  let committed: { readonly digest: Digest; readonly size: number } | undefined
  const close = (): void => {
    if (file !== undefined) closeSync(file)
    file = undefined
  }
  const abort = (): void => {
    if (committed) return
    close()
    rmSync(temporary, { force: true })
  }
  const write = (chunk: Uint8Array): void => {
    const target = file
    if (target === undefined) throw new TsbuildError('STORE_IO', 'the blob was committed or aborted already')
    storeIO('writing a blob', () => {
      for (let at = 0; at < chunk.byteLength; ) at += writeSync(target, chunk, at, chunk.byteLength - at)
    })
    hasher.update(chunk)
    size += chunk.byteLength
  }
  const commit: BlobWriter['commit'] = () => {
    if (committed) return committed
    if (file === undefined) throw new TsbuildError('STORE_IO', 'the blob was aborted already')
    storeIO('writing a blob', close)
    const digest: Digest = `${algorithm}:${hasher.digest('hex')}`
    if (expected && digest !== expected.digest) throw digestMismatch(expected.digest, digest)
    const result = { digest, size }
    storeIO(`writing ${digest}`, () => {
      if (holds(result)) {
        rmSync(temporary)
        return
      }
      beforeName(result)
      renameInto(temporary, path(digest))
      written.set(digest, statSync(path(digest)).ctimeMs)
    })
    committed = result
    return result
  }
  return { write, commit, abort }
}
