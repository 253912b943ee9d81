import { posix } from 'node:path'

/** The shortest equal path, as Go's filepath.Clean gives it: no `.`, no doubled or trailing slash, `..` resolved; `.` when empty. */
export function goClean(path: string): string {
  const normal = posix.normalize(path)
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal
}
