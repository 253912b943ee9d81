import { entryWith } from '../entry-with.ts'
import type { FileTree, TreeEntry } from '../file-tree.ts'

/**
 * The part of a tree at `path` (a file, or a directory with its content) as a tree of its own, in which it is
 * called `name`. With an empty name, a directory is the root of the new tree. Inodes are those of the whole
 * tree.
 */
export function subTree(tree: FileTree, path: string, name: string): FileTree {
  const lookup: FileTree['lookup'] = (inner) => {
    const outer = move(inner, name, path)
    if (outer === undefined) return undefined
    const entry = tree.lookup(outer) ?? (outer === '' ? ROOT : undefined)
    return entry && entryWith(entry, { path: inner })
  }
  return {
    lookup,
    list: (inner) => {
      if (inner === '' && name !== '') {
        const top = lookup(name)
        return top ? [top] : []
      }
      const outer = move(inner, name, path)
      if (outer === undefined) return []
      return tree.list(outer).map((entry) => entryWith(entry, { path: move(entry.path, path, name) ?? entry.path }))
    },
  }
}

/** A path below `from` as one below `to`; undefined for any other path. */
function move(path: string, from: string, to: string): string | undefined {
  const inside = from === '' || path === from || path.startsWith(`${from}/`)
  if (!inside) return undefined
  const rest = from === '' ? path : path.slice(from.length + 1)
  return to === '' ? rest : rest === '' ? to : `${to}/${rest}`
}

const ROOT: TreeEntry = { path: '', type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 }
