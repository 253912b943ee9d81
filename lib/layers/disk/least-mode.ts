import type { EntryType } from '../entry.ts'

/**
 * Permission bits that files and directories of a root filesystem always get, unless they have their exact modes.
 * They belong to a caller who may not be root, and who must be able to enter all directories and read all files.
 */
export function leastMode(type: EntryType): number {
  return type === 'directory' ? 0o700 : type === 'file' ? 0o400 : 0
}
