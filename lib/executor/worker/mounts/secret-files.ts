// Secrets are kept in memory while a step runs: what is on a disk may be read from it later.
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../../base/errno.ts'
import type { Cleanups } from '../cleanups.ts'
import { removeTree } from '../root/remove-tree.ts'
import type { WorkerContext } from '../worker-context.ts'

/**
 * A directory for a step's secrets: in `scratch` where that is in memory, or in the machine's tmpfs, or (where there is neither) in `scratch`
 * on the disk. `cleanups` removes what is elsewhere.
 */
export function secretDirectory(scratch: string, cleanups: Cleanups, context: WorkerContext): string {
  const path = join(scratch, 'secrets')
  const shared = context.scratch.inMemory ? undefined : sharedMemory()
  if (shared === undefined) mkdirSync(path, { mode: 0o711 })
  else cleanups.add(() => removeTree(shared))
  return shared ?? path
}

function sharedMemory(): string | undefined {
  try {
    return mkdtempSync('/dev/shm/tsbuild-')
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined
    throw error
  }
}
