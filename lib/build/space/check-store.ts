import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJsonIfSound } from '../../cache/atomic-files.ts'
import { everyBlob, removeDamaged } from '../../cache/damaged-blobs.ts'
import { writeAccount } from '../../cache/space/account.ts'
import { type RemovedFile, removeDamagedNotes } from '../../cache/space/check-notes.ts'
import { cacheSize } from '../../cache/space/choose-parts.ts'
import { storedParts } from '../../cache/space/stored-parts.ts'
import { openStore, type Store } from '../../cache/store.ts'
import { type StoreOption, useStore } from '../../cache/use-store.ts'
import { validateImage } from '../../images/validate-image.ts'
import { decodeLayerIndex, INDEX_KIND } from '../../layers/index/layer-index.ts'
import { digestPath } from '../../oci/digest.ts'
import { rootOf } from './root-of.ts'

export interface CheckStoreOptions {
  /** The store: a directory, or an object that was opened from one; default as in build(). */
  readonly store?: StoreOption
  readonly signal?: AbortSignal
}

/** A problem of an image with a name, which the store alone can't repair. */
export interface ImageProblem {
  /** The full name. */
  readonly name: string
  readonly message: string
}

export interface CheckStoreReport {
  /** The number of blobs that were read. */
  readonly blobs: number
  /** The damaged files that were removed. A build makes again what it needs of them. */
  readonly removed: readonly RemovedFile[]
  /** Images with names that are incomplete or wrong: to be pulled or built again. */
  readonly problems: readonly ImageProblem[]
}

/**
 * Reads a whole store: hashes every blob, reads every name, record and note, and validates the images with names.
 * Removes what is damaged, and writes index.json anew if it is. Directories of RUN steps are not compared with their
 * layers. Rejects with the signal's reason. Errors with `UNSUPPORTED` for a store that is not a directory, and with
 * `STORE_IO`.
 *
 * @example
 * ```ts
 * import { build, checkStore } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), store: 'checked' })
 * const { blobs, removed, problems } = await checkStore({ store: 'checked' })
 * console.log(blobs, removed.length, problems.length) // 3 0 0
 * ```
 */
export async function checkStore(options: CheckStoreOptions = {}): Promise<CheckStoreReport> {
  const { signal } = options
  const store = useStore(options.store)
  try {
    const root = rootOf(store)
    const digests = everyBlob(root)
    const removed: RemovedFile[] = []
    for (const digest of digests) {
      signal?.throwIfAborted()
      for (const damaged of removeDamaged(root, [digest])) {
        removed.push({ path: digestPath(damaged), reason: 'a blob whose contents are not those of its name' })
      }
      await new Promise(setImmediate)
    }
    removed.push(...removeDamagedNotes(root, isSoundNote))
    removed.push(...repairIndex(root))
    const problems = await imageProblems(store, signal)
    writeAccount(root, cacheSize(await storedParts(root)), join(store.temporary(), 'usage'))
    return { blobs: digests.length, removed, problems }
  } finally {
    store.close()
  }
}

/** Writes index.json anew if other programs can't read it. */
function repairIndex(root: string): readonly RemovedFile[] {
  const path = join(root, 'index.json')
  if (readJsonIfSound(path) !== undefined) return []
  rmSync(path, { force: true })
  // A store that is opened without the file writes it.
  openStore(root).close()
  return [{ path: 'index.json', reason: 'a damaged list of names for other programs, written anew' }]
}

/** Whether derived data that is not JSON can be read. Those about contexts have a checksum that every reader checks. */
function isSoundNote(kind: string, path: string): boolean {
  return kind !== INDEX_KIND || decodeLayerIndex(readFileSync(path)) !== undefined
}

async function imageProblems(store: Store, signal: AbortSignal | undefined): Promise<readonly ImageProblem[]> {
  const found: ImageProblem[] = []
  for (const { name, descriptor } of store.references.list()) {
    const { problems } = await validateImage(store, descriptor, { skipMissing: true, signal })
    found.push(...problems.map(({ message }) => ({ name, message })))
  }
  return found
}
