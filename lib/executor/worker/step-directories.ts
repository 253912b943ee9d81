// Where steps have files of their own, apart from their root: host names, secrets, what a back-end is told.
import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Mounter } from '../../sandbox/mount/mounter.ts'

export interface Scratch {
  /** Whether what is in it never gets to a disk. */
  readonly inMemory: boolean
  /** A new empty directory; its last name is unique on this machine. */
  directory(): string
  /** Takes what is in memory away; `base` is empty then. */
  close(): Promise<void>
}

/** In `base`, an empty directory; in memory where there is a mounter. Rejects with SANDBOX_FAILED. */
export async function openScratch(base: string, mounter: Mounter | undefined): Promise<Scratch> {
  await mounter?.tmpfs(base)
  let made = 0
  return {
    inMemory: mounter !== undefined,
    directory() {
      const path = join(base, `${basename(base)}-${made++}`)
      mkdirSync(path, { mode: 0o711 })
      return path
    },
    close: async () => mounter?.detach(base),
  }
}
