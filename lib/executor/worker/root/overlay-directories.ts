// The directories of an overlayfs mount, reused from step to step: removing a directory can take longer than all the
// rest of a small step.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** The directories of one mount: see the kernel's documentation of overlayfs. */
export interface OverlayDirectories {
  /** Does not exist. The step that makes it moves it away or removes it before it gives the directories back. */
  readonly upper: string
  readonly work: string
  /** The mount point. */
  readonly root: string
}

export interface OverlayDirectoryPool {
  take(): OverlayDirectories
  /** Takes directories back, on which nothing is mounted any more. */
  giveBack(directories: OverlayDirectories): void
}

/** `temporary` makes new directories, on the disk of the layers. */
export function createOverlayDirectoryPool(temporary: () => string): OverlayDirectoryPool {
  const free: OverlayDirectories[] = []
  return {
    take: () => free.pop() ?? makeDirectories(temporary()),
    giveBack: (directories) => {
      free.push(directories)
    },
  }
}

function makeDirectories(directory: string): OverlayDirectories {
  const [upper, work, root] = [join(directory, 'upper'), join(directory, 'work'), join(directory, 'root')]
  for (const path of [work, root]) mkdirSync(path)
  return { upper, work, root }
}
