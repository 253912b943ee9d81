// The host's side of a mount.
import { statSync } from 'node:fs'
import { toFsPath } from '../../../layers/paths/path-bytes.ts'
import type { KnownOwners } from '../../../sandbox/ownership/ownership-method.ts'
import type { SandboxMount } from '../../../sandbox/types.ts'
import type { Cleanups } from '../cleanups.ts'
import { mountedOwner } from '../owners/known-owners.ts'
import type { WorkerStep } from '../worker-context.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** A file or directory of the host that a step sees at a mount's target. */
export interface MountSource {
  readonly path: string
  readonly kind: 'directory' | 'file'
  /** The owners of files of the mount, where the disk may record another one. */
  readonly known?: KnownOwners | undefined
}

export type StepMount = SandboxMount & Pick<MountSource, 'known'>

/** A step whose mounts are prepared. */
export interface MountingStep extends WorkerStep {
  /** A directory for files that are mounted. */
  readonly directory: string
  /** Takes the actions that undo the mounts. */
  readonly cleanups: Cleanups
}

/** A source that belongs to an owner, whether or not the disk records that. */
export function ownedSource(source: Pick<MountSource, 'path' | 'kind'>, owner: Owner): MountSource {
  return { ...source, known: mountedOwner(source.path, owner) }
}

/** A source by the type of its file. The path must not lead through symlinks. */
export function sourceAt(path: string): MountSource {
  return { path, kind: statSync(toFsPath(path)).isDirectory() ? 'directory' : 'file' }
}
