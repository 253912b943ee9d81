import { TsbuildError } from '../../../base/errors.ts'
import { resolvePathInRoot } from '../../../base/path-in-root.ts'
import { bytesToPath, pathToBytes } from '../../../layers/paths/path-bytes.ts'

/**
 * Resolves all symlinks of a path inside a root directory on disk. Both paths have the form of entry.ts. Errors with
 * `SYMLINK_LOOP` after 255 symlinks.
 */
export function resolveInRoot(root: string, path: string): string {
  const resolved = resolvePathInRoot(root, pathToBytes(path))
  if (resolved) return bytesToPath(resolved.relative)
  throw new TsbuildError('SYMLINK_LOOP', `too many symlinks while resolving ${JSON.stringify(path)}`)
}
