// Directories for the files of a step that are not part of its root: /etc/hosts, secrets, a back-end's configuration.
import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Mounter } from '../../sandbox/mount/mounter.ts'

export interface StepDirectories {
  /** Makes a new empty directory; the last component of its path is unique on this machine. */
  create(): string
  /** Unmounts the memory, which leaves `base` empty. */
  close(): Promise<void>
}

/**
 * Makes step directories in `base`, an empty directory; in memory where there is a mounter. Rejects with
 * `SANDBOX_FAILED`.
 */
export async function openStepDirectories(base: string, mounter: Mounter | undefined): Promise<StepDirectories> {
  await mounter?.tmpfs(base)
  let made = 0
  return {
    create() {
      const path = join(base, `${basename(base)}-${made++}`)
      mkdirSync(path, { mode: 0o711 })
      return path
    },
    close: async () => mounter?.detach(base),
  }
}
