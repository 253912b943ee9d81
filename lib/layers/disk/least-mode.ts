import type { EntryType } from '../entry.ts'

/**
 * Permission bits that files and directories of a root filesystem have at least. Where they do not get their owners the caller may be
 * no root, and must get into all directories and read all files.
 */
export function leastMode(type: EntryType, owners: boolean): number {
  if (owners) return 0
  return type === 'directory' ? 0o700 : type === 'file' ? 0o400 : 0
}
