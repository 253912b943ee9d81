import { posix } from 'node:path'

/** The shortest equal path, as Go's filepath.Clean gives it: no `.`, no doubled or trailing slash, `..` resolved; `.` when empty. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path)
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal
}

/** A path in the form of layers/entry.ts: relative to a root that `..` cannot leave. The root is `''`. */
export function rootedPath(path: string): string {
  return cleanPath(`/${path}`).slice(1)
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
