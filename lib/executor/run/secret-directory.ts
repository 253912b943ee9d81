// Secrets are kept in memory while a step runs: what is on a disk may be read from it later.
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { mountTmpfs, unmount } from '../../sandbox/mount-overlay.ts'
import type { Cleanups } from './cleanups.ts'
import { removeTree } from './remove-tree.ts'
import type { WorkerContext } from './worker-context.ts'

/**
 * A directory for a step's secrets: a tmpfs of its own, or one in the machine's, or (where there is neither) one in `scratch` on the disk.
 * `cleanups` removes it.
 */
export async function secretDirectory(scratch: string, cleanups: Cleanups, context: WorkerContext): Promise<string> {
  const path = join(scratch, 'secrets')
  if (context.place.mounts) {
    mkdirSync(path)
    await mountTmpfs(path)
    cleanups.add(() => unmount(path))
    return path
  }
  const shared = sharedMemory()
  if (shared === undefined) mkdirSync(path, { mode: 0o711 })
  else cleanups.add(() => removeTree(shared))
  return shared ?? path
}

function sharedMemory(): string | undefined {
  try {
    return mkdtempSync('/dev/shm/tsbuild-')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}
