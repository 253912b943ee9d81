import { joinPath } from '../../base/paths.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import { EMPTY_TREE, type FileTree, type TreeEntry } from '../../layers/file-tree.ts'
import { directoryInode, type Inode } from './inode.ts'
import { ownInode, type StagedNode, StagedTree } from './staged-tree.ts'
import { unpackArchive } from './unpack-archive.ts'

/**
 * The tree that ADD makes of an archive in an empty directory, without writing anything. `time`, in seconds
 * since 1970, is the time of the root and of directories that no entry makes. Errors with `ARCHIVE_INVALID` for
 * a hard link to nothing.
 */
export function archiveTree(entries: readonly SourceEntry[], time: number): FileTree {
  const stage = new StagedTree(EMPTY_TREE)
  stage.root.inode = directoryInode(0o755, time)
  unpackArchive(stage, entries, '', { owner: undefined, now: time })
  const inodes = new Map<Inode, string>()
  const toEntry = (path: string, node: StagedNode): TreeEntry => {
    const inode = ownInode(node)
    const { linked, ...rest } = inode
    if (!linked) return { ...rest, path }
    const id = inodes.get(inode) ?? String(inodes.size)
    inodes.set(inode, id)
    return { ...rest, path, inode: id }
  }
  const lists = new Map<string, readonly TreeEntry[]>()
  return {
    lookup: (path) => {
      const node = stage.find(path)
      return node && toEntry(path, node)
    },
    list: (path) => {
      const known = lists.get(path)
      if (known) return known
      const children = stage.find(path)?.children ?? new Map<string, StagedNode | undefined>()
      const names = [...children.keys()].sort()
      const entries = names.flatMap((name) => {
        const node = children.get(name)
        return node ? [toEntry(joinPath(path, name), node)] : []
      })
      lists.set(path, entries)
      return entries
    },
  }
}
