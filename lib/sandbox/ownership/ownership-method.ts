// Ownership methods: how the owners of a step's files are recorded where the disk can't have them, as in a user
// namespace with one id.
import type { SandboxCommand } from '../types.ts'

/** The numbers of a file, as lstat(2) with `{ bigint: true }` gives them through the merged mount. */
export interface InodeKey {
  readonly dev: bigint
  readonly ino: bigint
}

/** The properties of a file that the image has and the disk can't. */
export interface InodeOwner {
  readonly uid: number
  readonly gid: number
  /** A device node, which on disk is an empty regular file. */
  readonly device?: { readonly type: 'character' | 'block'; readonly major: number; readonly minor: number } | undefined
  /** The value of `security.capability`, if it is recorded beside the disk. */
  readonly capability?: Uint8Array | undefined
  /** Permission bits where the disk has others. */
  readonly permissions?: number | undefined
}

/** Owners by inode. */
export type InodeOwners = Iterable<readonly [InodeKey, InodeOwner]>

/** The owner of a file that exists on disk, with the file's `st_mode` and `st_nlink` as lstat(2) has them. */
export interface KnownOwner extends InodeOwner {
  readonly mode: number
  readonly links: number
  /** The absolute name in the step's root of a device, or of a file that keeps its set-id bits. */
  readonly path?: string | undefined
}

/** The files that a step finds and that don't just belong to root. Every file that is not listed is root's. */
export type KnownOwners = Iterable<readonly [InodeKey, KnownOwner]>

/** The native helper's tables, files on the host, and the knowledge that it needs for them. */
export interface OwnerTables {
  readonly input: string | undefined
  readonly output: string
  /** Whether files have their owners on disk: then the tables have devices only. */
  readonly real?: boolean | undefined
  /** Whether setcap writes into the table, since the disk can't have it. */
  readonly virtualCapabilities: boolean
  /** Whether the input lists files with several names: their inode numbers change when overlayfs copies them up. */
  readonly hardLinks: boolean
  /** See {@link KnownOwner.path}. */
  readonly kept?: readonly string[] | undefined
}

/** A command whose system calls about owners the native helper answers. */
export interface OwnedCommand extends SandboxCommand {
  readonly owners?: OwnerTables | undefined
}

/** The owners after a step. */
export interface OwnersAfter {
  /** Whether nothing is recorded. */
  readonly empty: boolean
  /** Undefined for a file that the method recorded nothing about: see {@link OwnershipMethod.unknown}. */
  find(key: InodeKey): InodeOwner | undefined
}

/**
 * A method. For each step: `wrap()` the command with the owners known before, run the wrapped command, then `read()`.
 * Owners, devices and capabilities are the method's, and permissions if it `recordsPermissions`; everything else
 * (type, mode with set-id bits, size, times) is the disk's.
 */
export interface OwnershipMethod {
  /** `native`: the disk itself has the owners. `assumed`: nothing records the owners that a step sets. */
  readonly kind: 'native' | 'helper' | 'assumed'
  /**
   * The owner of a file that `read()` finds nothing about. `disk`: lstat's, also of a file that it finds. `root`: 0:0,
   * as {@link KnownOwners} promises. `before`: the owner before the step, and for a new file the step's user.
   */
  readonly unknown: 'disk' | 'root' | 'before'
  /** Whether files may have other permissions on disk than in the image: `known` has them, and `read()` finds them. */
  readonly recordsPermissions?: boolean | undefined
  /** Whether `known` is to have the files with set-id bits, which root's writes then leave. */
  readonly keepsSetIds?: boolean | undefined
  /** Files go into the command's scratch directory. */
  wrap(command: SandboxCommand, known: KnownOwners): Promise<SandboxCommand>
  /**
   * Call it once, after the command has ended by itself. Errors with SANDBOX_LACKS if the method has recorded nothing
   * though it should have.
   */
  read(command: SandboxCommand): Promise<OwnersAfter>
}

/** Owners from a list. */
export function ownersFrom(entries: InodeOwners): OwnersAfter {
  const owners = new Map<string, InodeOwner>()
  for (const [{ dev, ino }, owner] of entries) owners.set(`${dev}:${ino}`, owner)
  return { empty: owners.size === 0, find: ({ dev, ino }) => owners.get(`${dev}:${ino}`) }
}
