// Mounts in this process's mount namespace, which Node can't make.
import type { OverlayMount } from './overlay-options.ts'

/** All reject with SANDBOX_FAILED and the system's words. */
export interface Mounter {
  /** Stacks directories. Also rejects where their names are too long for the kernel. */
  overlay(mount: OverlayMount): Promise<void>
  /** An empty tmpfs, which others can pass through but not list. */
  tmpfs(target: string): Promise<void>
  /** Takes away what is mounted; rejects where a process still uses it. */
  unmount(target: string): Promise<void>
  /** Takes it out of sight, even where a process still uses it. */
  detach(target: string): Promise<void>
  /** Ends what mounts; the mounts stay. Idempotent. */
  close(): void
}

/** What a {@link Mounter}'s tmpfs is like, beside `nosuid` and `nodev`. */
export const TMPFS_OPTIONS = 'mode=711'
