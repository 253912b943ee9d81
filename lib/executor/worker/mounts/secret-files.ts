// The files of `--mount=type=secret`. They are in memory while a step runs, since a disk can be read later.
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../../base/errno.ts'
import type { RequestedMount } from '../protocol.ts'
import { removeTree } from '../root/remove-tree.ts'
import type { MountingStep, MountSource } from './mount-source.ts'
import { writeMountedFile } from './write-mounted-file.ts'

/** Writes the files of a step's secrets. */
export type WriteSecret = (mount: Extract<RequestedMount, { kind: 'secret' }>, name: string) => MountSource

export function createSecretWriter(step: MountingStep): WriteSecret {
  let directory: string | undefined
  return (mount, name) => {
    directory ??= secretDirectory(step)
    return writeMountedFile(
      { name, content: Buffer.from(mount.content, 'base64'), mode: mount.mode, owner: mount, directory },
      step,
    )
  }
}

/**
 * A directory in memory: the step's own, or one in /dev/shm that `cleanups` removes. On disk only where there is
 * neither.
 */
function secretDirectory({ directory, cleanups, context }: MountingStep): string {
  const path = join(directory, 'secrets')
  const shared = context.stepDirectories.inMemory ? undefined : sharedMemory()
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
