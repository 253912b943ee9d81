// Paths in the form of entry.ts, taken apart and put together.
import type { TreeEntry } from './file-tree.ts'

/** The directory of a path and its name in it. */
export function splitPath(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? { parent: '', name: path } : { parent: path.slice(0, slash), name: path.slice(slash + 1) }
}

/** The path of a name in a directory. */
export function pathIn(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

/** The last component of an entry's path. */
export function nameOf(entry: TreeEntry): string {
  return entry.name ?? splitPath(entry.path).name
}
