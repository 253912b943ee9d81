// The files of `--mount=type=secret`.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RequestedMount } from '../protocol.ts'
import type { MountingStep, MountSource } from './mount-source.ts'
import { writeMountedFile } from './write-mounted-file.ts'

/** Writes the files of a step's secrets. */
export type WriteSecret = (mount: Extract<RequestedMount, { kind: 'secret' }>, name: string) => MountSource

/**
 * The files are in the step's own directory. Where a back-end mounts, that is in memory, and ends with the worker
 * however it ends. Chroot and proot copy files into the root, which is on disk: there the step's directory is in the
 * store, and after a kill the next build removes it together with the root. Files elsewhere would stay for ever.
 */
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

function secretDirectory({ directory }: MountingStep): string {
  const path = join(directory, 'secrets')
  mkdirSync(path, { mode: 0o711 })
  return path
}
