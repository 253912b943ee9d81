import type { SourceEntry } from '../entry.ts'
import { entryWith } from '../entry-with.ts'
import type { FileTree, TreeEntry } from '../file-tree.ts'

/**
 * A tree as the entries of one tar: directories before their content, names in UTF-16 order, the root left out.
 * The first path of an inode is a file, its other paths are hard links to the first.
 */
export function* treeEntries(tree: FileTree): Generator<SourceEntry, void, undefined> {
  const firstPaths = new Map<string, string>()
  // A stack, since a hostile tree may be deeper than calls can be.
  const open: Iterator<TreeEntry>[] = [tree.list('').values()]
  for (let directory = open.at(-1); directory !== undefined; directory = open.at(-1)) {
    const { done, value: entry } = directory.next()
    if (done) {
      open.pop()
      continue
    }
    yield asLinkOfFirst(entry, firstPaths)
    if (entry.type === 'directory') open.push(tree.list(entry.path).values())
  }
}

/** A tree's entry as a tar has it: a file, or a link to the inode's first path. Adds first paths to `firstPaths`. */
export function asLinkOfFirst(entry: TreeEntry, firstPaths: Map<string, string>): SourceEntry {
  if (entry.inode === undefined) return entry
  const first = firstPaths.get(entry.inode)
  if (first === undefined) {
    firstPaths.set(entry.inode, entry.path)
    return entry
  }
  return entryWith(entry, { type: 'hardlink', linkname: first, size: 0, content: undefined, sha256: undefined })
}
