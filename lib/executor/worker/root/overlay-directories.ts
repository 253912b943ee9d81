// Directories to mount overlays with, used by one step after another: to remove a directory from a disk can take longer than all else
// about a small step.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

export interface Workspace {
  /** Isn't there. Who makes it moves it away or removes it before giving the workspace back. */
  readonly upper: string
  readonly work: string
  /** Where to mount. */
  readonly root: string
}

export interface Workspaces {
  take(): Workspace
  /** Nothing is mounted any more. */
  giveBack(workspace: Workspace): void
}

/** `temporary` gives new directories, on the disk of the layers. */
export function createWorkspaces(temporary: () => string): Workspaces {
  const free: Workspace[] = []
  return {
    take: () => free.pop() ?? makeWorkspace(temporary()),
    giveBack: (workspace) => {
      free.push(workspace)
    },
  }
}

function makeWorkspace(directory: string): Workspace {
  const [upper, work, root] = [join(directory, 'upper'), join(directory, 'work'), join(directory, 'root')]
  for (const path of [work, root]) mkdirSync(path)
  return { upper, work, root }
}
