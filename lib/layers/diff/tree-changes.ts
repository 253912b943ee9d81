// The difference of two trees as the entries of a layer: the one walk behind COPY, ADD, WORKDIR and RUN.
import { joinPath } from '../../base/paths.ts'
import { CAPABILITY, type SourceEntry } from '../entry.ts'
import type { FileTree, TreeEntry } from '../file-tree.ts'
import { hashContent } from '../hash-content.ts'
import { asBuffer } from '../paths/path-bytes.ts'
import { whiteoutEntry } from '../whiteout.ts'

/** A tree after a change, as far as it may differ from the tree before. `N` is a file or a directory in it. */
export interface ChangedTree<N> {
  readonly root: N
  /**
   * The names in a directory that may stand for something else now, sorted; undefined for anything but a
   * directory. `isBelow` says whether the tree before has a directory there.
   */
  names(node: N, path: string, isBelow: boolean): readonly string[] | undefined
  /** Undefined for a name that is gone. */
  child(directory: N, name: string): N | undefined
  /** The entry of a node in a directory of this path. */
  entry(node: N, directory: string, name: string): SourceEntry
  /** Whether the layer needs the entry; `base` is the entry that the tree before has at this path. */
  isChanged(node: N, entry: SourceEntry, base: TreeEntry | undefined): boolean
  /** A value that all names of one file share and no other file has; undefined for a file with a single name. */
  link(node: N): unknown
}

/**
 * The entries of the layer that makes one tree of another: sorted, parents first, removed names as whiteouts,
 * further links after the first. As in BuildKit's layers, the directories above a change are there too, and the
 * root is not.
 */
export function treeChanges<N>(tree: ChangedTree<N>, before: FileTree): readonly SourceEntry[] {
  const entries: SourceEntry[] = []
  const firstLinks = new Map<unknown, string>()
  /** Directories on the way to the current path that are not in the list yet, outermost first. */
  const pending: SourceEntry[] = []

  const push = (entry: SourceEntry): void => {
    if (pending.length > 0) entries.push(...pending.splice(0))
    entries.push(entry)
  }
  const write = (node: N, entry: SourceEntry): void => {
    const link = tree.link(node)
    const linkname = link === undefined ? undefined : firstLinks.get(link)
    if (linkname === undefined) {
      if (link !== undefined) firstLinks.set(link, entry.path)
      push(entry)
    } else {
      const { path, mode, uid, gid, mtime } = entry
      push({ path, type: 'hardlink', mode, uid, gid, mtime, size: 0, linkname })
    }
  }
  const visit = (directory: N, names: readonly string[], path: string, isBelow: boolean): void => {
    for (const name of names) {
      const node = tree.child(directory, name)
      const base = isBelow ? before.lookup(joinPath(path, name)) : undefined
      if (node === undefined) {
        if (base) push(whiteoutEntry(path, name))
        continue
      }
      const entry = tree.entry(node, path, name)
      const isChanged = tree.isChanged(node, entry, base)
      if (isChanged) write(node, entry)
      const wasDirectory = base?.type === 'directory'
      const inside = entry.type === 'directory' ? tree.names(node, entry.path, wasDirectory) : undefined
      if (!inside) continue
      if (!isChanged) pending.push(entry)
      visit(node, inside, entry.path, wasDirectory)
      if (pending.at(-1) === entry) pending.pop()
    }
  }
  visit(tree.root, tree.names(tree.root, '', true) ?? [], '', true)
  return entries
}

/**
 * Whether an entry makes what is there already. The time of a directory does not count, nor does the mode of a
 * symlink, which no disk keeps. Reads a file of the host if all else is the same; a file whose content can't be
 * read yet, as its layer was not fetched, is not the same.
 */
export function isSameEntry(entry: SourceEntry, base: TreeEntry): boolean {
  if (entry.type !== base.type || entry.uid !== base.uid || entry.gid !== base.gid) return false
  if (entry.type !== 'symlink' && entry.mode !== base.mode) return false
  if ((entry.devMajor ?? 0) !== (base.devMajor ?? 0) || (entry.devMinor ?? 0) !== (base.devMinor ?? 0)) return false
  if (entry.type === 'directory') return true
  if (entry.mtime !== Math.floor(base.mtime) || entry.size !== base.size || entry.linkname !== base.linkname) {
    return false
  }
  if (!isSameBytes(entry.xattrs?.[CAPABILITY], base.xattrs?.[CAPABILITY])) return false
  if (entry.type !== 'file' || entry.size === 0) return true
  return base.sha256 !== undefined && base.sha256 === readableDigest(entry)
}

function readableDigest(entry: SourceEntry): string | undefined {
  return entry.content?.kind === 'range' ? entry.sha256 : hashContent(entry)
}

function isSameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && asBuffer(a).equals(b))
}
