// Takes parts out of a store, beside processes that use it. A kill at any moment leaves a store that works: blobs and
// directories first get temporary names, in the moment in which nobody begins to use them, and then are removed.
import { existsSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { hasErrno, isMissingFile } from '../../base/errno.ts'
import { markOfNobody } from '../../base/process-mark.ts'
import type { Digest } from '../../oci/types.ts'
import { makeDirectory, storeIO } from '../atomic-files.ts'
import { blobsOf, namedImages } from './image-parts.ts'
import { leaseDirectory, leasedParts } from './leases.ts'
import { whileRemoving } from './removal.ts'
import type { StoredPart } from './usage-record.ts'

/** Removes a directory of steps with everything in it. */
export type RemoveTree = (path: string) => void

/** The files of a part. */
type Removable = Pick<StoredPart, 'leased' | 'notes' | 'records'>

/** Parts that are taken in one moment, at most. */
const BATCH = 100

/**
 * Removes parts, but for those that a process uses and those that belong to an image that has a name by now. Returns
 * the removed ones. `removeTree` removes directories. Errors with `STORE_IO`.
 */
export async function removeParts<Part extends Removable>(
  root: string,
  parts: readonly Part[],
  removeTree: RemoveTree,
): Promise<readonly Part[]> {
  const removed: Part[] = []
  const waiting = [...parts]
  const refused = new Set<Part>()
  while (waiting.length > 0) {
    const taken = takeBatch(root, waiting.splice(0, BATCH))
    removed.push(...taken.parts)
    // On a full disk there was no room for more names, and now there may be.
    waiting.push(...taken.refused.filter((part) => !refused.has(part)))
    for (const part of taken.refused) refused.add(part)
    for (const path of taken.blobs) storeIO(`removing ${JSON.stringify(path)}`, () => rmSync(path, { force: true }))
    for (const note of taken.parts.flatMap(({ notes, records }) => [...notes, ...records])) removeNote(note)
    for (const path of taken.trees) {
      storeIO(`removing ${JSON.stringify(path)}`, () => removeIfAllowed(path, removeTree))
      await new Promise(setImmediate)
    }
  }
  return removed
}

/**
 * Removes a directory. Files of subordinate ids can be removed by a worker alone: the next one finds the directory
 * among the temporary ones that nobody will finish.
 */
function removeIfAllowed(path: string, removeTree: RemoveTree): void {
  try {
    removeTree(path)
  } catch (error) {
    if (!hasErrno(error, 'EACCES', 'EPERM')) throw error
  }
}

interface Taken<Part> {
  readonly parts: readonly Part[]
  /** Parts whose files the system did not move. */
  readonly refused: readonly Part[]
  /** The temporary paths of blobs and of directories. */
  readonly blobs: readonly string[]
  readonly trees: readonly string[]
}

function takeBatch<Part extends Removable>(root: string, parts: readonly Part[]): Taken<Part> {
  // The next process that opens the store removes what a dead one left under such a name.
  const mark = markOfNobody()
  const taken = { parts: [] as Part[], refused: [] as Part[], blobs: [] as string[], trees: [] as string[] }
  makeDirectory(join(root, 'tmp'))
  whileRemoving(leaseDirectory(root), (inTime) => {
    // The leases come first: a process that names an image ends its lease afterwards.
    const leases = leasedParts(root)
    const named: ReadonlySet<string> = blobsOf(namedImages(root))
    for (const part of parts) {
      if (part.leased.some(({ name }) => leases.has(name) || named.has(name as Digest))) continue
      if (!inTime()) return
      let isRefused = false
      for (const [at, { path }] of part.leased.entries()) {
        const isTree = path.startsWith(join(root, 'sandbox') + sep)
        // A directory has to stay on its disk, and with its user.
        const directory = isTree ? join(dirname(dirname(path)), 'tmp') : join(root, 'tmp')
        const target = join(directory, `${mark}-${taken.parts.length}.${at}`)
        const moved = move(path, target)
        if (moved === 'moved') (isTree ? taken.trees : taken.blobs).push(target)
        isRefused ||= moved === 'refused'
      }
      ;(isRefused ? taken.refused : taken.parts).push(part)
    }
  })
  return taken
}

/** Moves a file or directory, unless another process removed it, its mode forbids that, or the disk is full. */
function move(from: string, to: string): 'moved' | 'gone' | 'refused' {
  return storeIO(`removing ${JSON.stringify(from)}`, () => {
    try {
      if (!existsSync(from)) return 'gone'
      renameSync(from, to)
      return 'moved'
    } catch (error) {
      if (hasErrno(error, 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT')) return 'refused'
      if (isMissingFile(error) && !existsSync(from)) return 'gone'
      throw error
    }
  })
}

/** Removes a note, and the directory of a layer's encodings with its last one. */
function removeNote(path: string): void {
  storeIO(`removing ${JSON.stringify(path)}`, () => {
    rmSync(path, { force: true })
    if (!/[\\/]layers[\\/][0-9a-f]{64}[\\/]/.test(path)) return
    try {
      rmdirSync(dirname(path))
    } catch (error) {
      if (!hasErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
    }
  })
}
