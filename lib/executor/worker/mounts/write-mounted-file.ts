import { chmodSync, chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MountingStep, type MountSource, type Owner, ownedSource } from './mount-source.ts'

export interface MountedFile {
  /** A name that no other file in the directory has. */
  readonly name: string
  readonly content: Uint8Array | string
  readonly mode: number
  /** Default root. */
  readonly owner?: Owner
  /** Default: the step's directory of mounted files. */
  readonly directory?: string
}

/** Writes a file that is mounted in a step. Until it has its owner, only the worker can read it. */
export function writeMountedFile(file: MountedFile, step: MountingStep): MountSource {
  const { name, content, mode, owner, directory = step.directory } = file
  const path = join(directory, name)
  writeFileSync(path, content, { mode: 0o600, flag: 'wx' })
  if (owner && step.context.owners) chownSync(path, owner.uid, owner.gid)
  chmodSync(path, mode)
  return ownedSource({ path, kind: 'file' }, owner ?? { uid: 0, gid: 0 })
}
