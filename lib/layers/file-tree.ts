import { baseName } from '../base/paths.ts'
import type { SourceEntry } from './entry.ts'

/**
 * A read-only tree of files: a build context, or a stack of layers. Paths are in the form of entry.ts; `''` is
 * the root. All methods are synchronous: hot loops call them, and they read memory or a local disk only.
 */
export interface FileTree {
  /**
   * The entry at exactly this path, no symlink followed, not even in its parents. Hardlinks appear as the files
   * they are.
   */
  lookup(path: string): TreeEntry | undefined
  /** The entries of a directory, sorted by name in UTF-16 order. Empty for anything but a directory. */
  list(path: string): readonly TreeEntry[]
}

/** An entry as a tree shows it: never of type `hardlink`; files that share an inode have the same `inode`. */
export interface TreeEntry extends SourceEntry {
  /** Identifies the inode within the tree. Set for files that have, or had in lower layers, several links. */
  readonly inode?: string | undefined
  /** The last component of the path, if it is known without computing the path. */
  readonly name?: string | undefined
}

/** The last component of an entry's path. */
export function nameOf(entry: TreeEntry): string {
  return entry.name ?? baseName(entry.path)
}

/** A tree without even a root. */
export const EMPTY_TREE: FileTree = { lookup: () => undefined, list: () => [] }
