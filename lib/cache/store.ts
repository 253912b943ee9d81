// The local store: blobs, names, build records and data about layers, in one directory that is also an OCI image
// layout.
import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bootName } from '../base/boot.ts'
import { TsbuildError } from '../base/errors.ts'
import type { ContentReader, ContentStore, UnhashedReader } from '../oci/content.ts'
import { digestParts } from '../oci/digest.ts'
import type { Descriptor, Digest } from '../oci/types.ts'
import { readIfThere, writeAtomically } from './atomic-files.ts'
import { openBlobs } from './blobs.ts'
import { storeHome } from './home.ts'
import { type LayerEncodings, openLayerEncodings } from './layer-encodings.ts'
import { openPendingBlobs, type PendingBlobs } from './pending-blobs.ts'
import { openRecords, type Records } from './records.ts'
import { openReferences, type References } from './references.ts'
import { countWrites, type WrittenBytes } from './space/account.ts'
import { touchUsed } from './space/last-used.ts'
import { type Leases, openLeases } from './space/leases.ts'
import { prepareRoot } from './store-root.ts'
import { openTemporaryFiles } from './temporary-files.ts'

/**
 * A store of blobs, names, and results of steps. {@link openStore} opens one on the local disk, which any number of
 * processes may use at once, without locks: every file is written to a temporary name and renamed when it is complete,
 * so a kill at any moment leaves a store that works. So does a power cut: what it may have damaged is checked when the
 * store is opened the next time.
 *
 * A store of another kind implements the same interface. Its blobs are files, too, since layers are read at offsets.
 */
export interface Store extends ContentStore, UnhashedReader {
  /**
   * The directory, which RUN steps open in processes of their own. Undefined for a store of another kind, with which
   * nothing can be RUN.
   */
  readonly root: string | undefined
  /** The blobs that the disk may not have yet. */
  readonly pending: Pick<PendingBlobs, 'persist'>
  /** The names of images. */
  readonly references: References
  /** The results of steps, and of downloads. */
  readonly records: Records
  /** The encodings of layers. */
  readonly layers: LayerEncodings
  /**
   * The parts of a store on disk that this process relies on. {@link Store.close} ends them, and so does the end of the
   * last build of the process.
   *
   * @internal
   */
  readonly leases?: Leases
  /**
   * The bytes that this object has written to a store on disk.
   *
   * @internal
   */
  readonly written?: WrittenBytes
  /** Whether the store has the blob with exactly this size. */
  holds(descriptor: Pick<Descriptor, 'digest' | 'size'>): boolean
  /**
   * Copies a blob from elsewhere, verified; does nothing if it is here already. Errors with `DIGEST_MISMATCH`,
   * `BLOB_NOT_FOUND`.
   */
  copyBlob(from: ContentReader, descriptor: Descriptor, signal?: AbortSignal): Promise<void>
  /** A new, empty temporary directory on the store's disk, removed by {@link Store.close}. */
  temporary(): string
  /** Removes this process's temporary files. Idempotent; the store must not be used afterwards. */
  close(): void
}

/** A store in a directory. */
export interface DiskStore extends Store {
  readonly root: string
  /** @internal */
  readonly pending: PendingBlobs
  /** @internal */
  readonly leases: Leases
  /** @internal */
  readonly written: WrittenBytes
}

/**
 * Opens the store in a directory, and makes the directory if needed. Errors with `STORE_VERSION`, `STORE_OWNER`,
 * `STORE_IO`.
 *
 * @example
 * ```ts
 * import { listImages, openStore } from '@tsbuild/tsbuild'
 *
 * const store = openStore('a-store')
 * try {
 *   console.log((await listImages(store)).length) // 0
 * } finally {
 *   store.close()
 * }
 * ```
 */
export function openStore(directory: string = storeHome()): DiskStore {
  return openStoreOf(directory, {})
}

/** The same for a process whose lease is to end with another process, which `lease` names as processMark() does. */
export function openStoreOf(directory: string, { lease }: { readonly lease?: string }): DiskStore {
  const root = resolve(directory)
  const boot = bootName()
  const { checked } = prepareRoot(root, boot)
  const temporary = openTemporaryFiles(join(root, 'tmp'))
  const pending = openPendingBlobs(root, boot)
  const leases = openLeases(root, lease)
  const written = countWrites(root)
  const blobs = openBlobs(root, { temporary, pending, leases, onBytes: written.add })
  return {
    root,
    pending,
    leases,
    written,
    references: openReferences(root, temporary, { writeIndex: checked }),
    records: openRecords(root, temporary),
    layers: openLayerEncodings(root, temporary, blobs.holds),
    has: blobs.has,
    holds: blobs.holds,
    open: blobs.open,
    openUnhashed: blobs.openUnhashed,
    read: blobs.read,
    path: blobs.path,
    plannedPath: blobs.plannedPath,
    freeSpace: blobs.freeSpace,
    size: blobs.size,
    createWriter: blobs.createWriter,
    put: blobs.put,
    copyBlob: blobs.copyBlob,
    readDerived: (kind, digest) => {
      const path = join(root, derivedPath(kind, digest))
      const bytes = readIfThere(path)
      const stat = bytes && statSync(path, { throwIfNoEntry: false })
      if (stat) touchUsed(path, stat)
      return bytes
    },
    writeDerived: (kind, digest, bytes) => {
      const path = join(root, derivedPath(kind, digest))
      if (writeAtomically(path, temporary.path(), bytes)) written.add(statSync(path).size)
    },
    temporary: temporary.directory,
    close: () => {
      temporary.close()
      leases.close()
      written.settle()
    },
  }
}

function derivedPath(kind: string, digest: Digest): string {
  const { algorithm, hex } = digestParts(digest)
  if (/^[a-z0-9][a-z0-9-]*$/.test(kind)) return join('derived', kind, `${algorithm}-${hex}`)
  throw new TsbuildError('STORE_IO', `invalid kind of derived data ${JSON.stringify(kind)}`)
}
