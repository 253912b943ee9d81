// Paths in the form of entry.ts, taken apart and put together.
import type { TreeEntry } from '../file-tree.ts'

/** The directory of a path and its name in it. */
export function splitPath(path: string): { readonly parent: string; readonly name: string } {
  return { parent: parentPath(path), name: baseName(path) }
}

/** `directory/name`, where the root directory is `''`. */
export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

/** The part before the last slash; `''` for the root and what is directly in it. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** The part after the last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The last component of an entry's path. */
export function nameOf(entry: TreeEntry): string {
  return entry.name ?? baseName(entry.path)
}
