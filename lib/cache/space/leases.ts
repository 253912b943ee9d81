// Leases: files in which processes list the parts of the store that they rely on, so that no removal takes them away.
import { closeSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ifExists } from '../../base/errno.ts'
import { createFile, namesIn, storeIO } from '../atomic-files.ts'
import { openTemporaryFiles, staleNames } from '../temporary-files.ts'
import { prepareRemovals, waitForRemoval } from './removal.ts'

/**
 * The lease of one opened store. A part of the store has a name: the digest of a blob, or the path of a directory below
 * the root.
 */
export interface Leases {
  /**
   * Keeps a part until the lease ends. A removal that is deciding at this moment is waited for, so the caller looks
   * afterwards whether the part is there. Returns whether it was not kept before. Errors with `STORE_IO`.
   */
  keep(part: string): boolean
  /**
   * Begins an operation: when the last one has ended, nothing is kept any more. What is kept outside of operations
   * stays until an operation ends, or the store is closed.
   */
  begin(): Disposable
  /** Ends what no operation needs. */
  releaseIdle(): void
  /** Ends the lease. Idempotent. */
  close(): void
}

/** The directory of the leases of a store. */
export const leaseDirectory = (root: string): string => join(root, 'leases')

/** Opens a lease. `prefix` names the process whose end is the end of the lease: by default this one. */
export function openLeases(root: string, prefix?: string): Leases {
  const directory = leaseDirectory(root)
  const files = openTemporaryFiles(directory, prefix)
  // Now, since the disk may be full when parts have to be removed.
  prepareRemovals(directory)
  const kept = new Set<string>()
  let path: string | undefined
  let file: number | undefined
  let operations = 0

  const create = (): number => {
    path = files.path()
    return createFile(path)
  }
  const release = (): void => {
    if (file !== undefined) closeSync(file)
    if (path !== undefined) rmSync(path, { force: true })
    file = undefined
    path = undefined
    kept.clear()
  }
  const releaseIdle = (): void => {
    if (operations === 0) release()
  }
  return {
    keep(part) {
      if (kept.has(part)) return false
      storeIO('noting what is in use', () => {
        file ??= create()
        writeSync(file, `${part}\n`)
      })
      kept.add(part)
      waitForRemoval(directory)
      return true
    },
    begin() {
      operations++
      let ended = false
      return {
        [Symbol.dispose]() {
          if (ended) return
          ended = true
          operations--
          releaseIdle()
        },
      }
    },
    releaseIdle,
    close() {
      release()
      files.close()
    },
  }
}

/** The parts of a store that processes rely on now. */
export function leasedParts(root: string): ReadonlySet<string> {
  const directory = leaseDirectory(root)
  const stale = new Set(staleNames(directory))
  const leases = namesIn(directory).filter((name) => /-\d+$/.test(name) && !stale.has(name))
  return new Set(
    leases.flatMap((name) => {
      const text = storeIO('reading what is in use', () => ifExists(() => readFileSync(join(directory, name), 'utf8')))
      return text?.split('\n').filter((part) => part !== '') ?? []
    }),
  )
}
