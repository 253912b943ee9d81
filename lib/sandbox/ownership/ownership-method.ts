// Who owns what a step makes, where the disk can't say: in a user namespace with one id all files belong to it.
import type { SandboxCommand } from '../types.ts'

/** A file as lstat(2) numbers it through the merged mount, with `{ bigint: true }`. */
export interface InodeKey {
  readonly dev: bigint
  readonly ino: bigint
}

/** What the image says about a file and the disk can't. */
export interface InodeOwner {
  readonly uid: number
  readonly gid: number
  /** A device node; the disk has an empty regular file. */
  readonly device?: { readonly type: 'character' | 'block'; readonly major: number; readonly minor: number } | undefined
  /** The value of `security.capability`, where it is kept beside the disk. */
  readonly capability?: Uint8Array | undefined
}

/** Owners by inode. */
export type InodeOwners = Iterable<readonly [InodeKey, InodeOwner]>

/** The owner of a file that exists on disk, with the file's `st_mode` as lstat(2) has it. */
export interface KnownOwner extends InodeOwner {
  readonly mode: number
}

/** The files that a step finds and that don't just belong to root. Every file that is not listed is root's. */
export type KnownOwners = Iterable<readonly [InodeKey, KnownOwner]>

/** Files of the host with tables of owners, for the native helper. */
export interface OwnerTables {
  readonly input: string | undefined
  readonly output: string
  /** Keep what setcap writes in the table, since the disk can't. */
  readonly virtualCapabilities: boolean
}

/** A command whose system calls about owners the native back-end answers. */
export interface OwnedCommand extends SandboxCommand {
  readonly owners?: OwnerTables | undefined
}

/** Looks up what a step left. */
export interface OwnersAfter {
  /** Undefined for a file that the source knows nothing of: see {@link OwnershipMethod.unknown}. */
  find(key: InodeKey): InodeOwner | undefined
  /** Whether the step gave files to others than root, as far as the source knows. */
  readonly asked: boolean
}

/**
 * Where owners come from. For each step: `wrap()` the command with what is known before, run what it gives, then `read()`. Owners,
 * devices and capabilities are the source's, all else (type, mode with set-id bits, size, times) is the disk's.
 */
export interface OwnershipMethod {
  /** `native`: the disk itself has them. */
  readonly kind: 'native' | 'helper' | 'fakeroot' | 'assumed'
  /** What people should know about it, if it isn't right in all cases: a warning of the step. */
  readonly warning: string | undefined
  /**
   * What a file has that `read()` finds nothing about. `disk`: what lstat says. `root`: 0:0, as {@link KnownOwners} promises.
   * `before`: what it had before the step, and a new one the user of the step. `user`: the user of the step, unless it was root's.
   */
  readonly unknown: 'disk' | 'root' | 'before' | 'user'
  /** Files go into the command's scratch directory. */
  wrap(command: SandboxCommand, known: KnownOwners): Promise<SandboxCommand>
  /** Once, after the command has ended by itself. Errors with SANDBOX_LACKS if the source has nothing to say though it should. */
  read(command: SandboxCommand): Promise<OwnersAfter>
}

/** Looks up by key in a list; `before` is what the step began with. */
export function ownersFrom(entries: InodeOwners, before: InodeOwners = []): OwnersAfter {
  const former = byKey(before)
  const now = byKey(entries)
  const isNew = ([key, { uid, gid }]: readonly [string, InodeOwner]): boolean => {
    const old = former.get(key)
    return (uid !== 0 || gid !== 0) && (old?.uid !== uid || old.gid !== gid)
  }
  return { find: ({ dev, ino }) => now.get(`${dev}:${ino}`), asked: [...now].some(isNew) }
}

function byKey(entries: InodeOwners): Map<string, InodeOwner> {
  const map = new Map<string, InodeOwner>()
  for (const [{ dev, ino }, owner] of entries) map.set(`${dev}:${ino}`, owner)
  return map
}
