// Mounting and unmounting in this process's mount namespace: Node.js has no mount(2).
import type { OverlayMount } from './overlay-options.ts'

/** All of them reject with SANDBOX_FAILED and the system's message. */
export interface Mounter {
  /** Stacks directories with overlayfs. Also rejects if their names are too long for the kernel. */
  overlay(mount: OverlayMount): Promise<void>
  /** Mounts an empty tmpfs, which other users can pass through but not list. */
  tmpfs(target: string): Promise<void>
  /** Unmounts; rejects if a process still uses the mount. */
  unmount(target: string): Promise<void>
  /** Unmounts lazily: the mount is out of sight at once, even if a process still uses it. */
  detach(target: string): Promise<void>
  /** Ends the process that mounts, if there is one; the mounts stay. Idempotent. */
  close(): void
}

/** The options of a {@link Mounter}'s tmpfs, apart from `nosuid` and `nodev`. */
export const TMPFS_OPTIONS = 'mode=711'
