import { lstatSync, readlinkSync } from 'node:fs'
import type { FileTree, TreeEntry } from '../../../layers/file-tree.ts'
import { asBuffer, bytesToPath, toFsPath } from '../../../layers/paths/path-bytes.ts'
import { resolvePath } from '../../../layers/paths/resolve-path.ts'

/** A path with all symlinks followed inside a root directory on disk, in the form of entry.ts. Errors with `SYMLINK_LOOP`. */
export function resolveInRoot(root: string, path: string): string {
  return resolvePath(rootTree(root), path, { followLast: true })
}

/** Just enough of a tree to follow links in. */
function rootTree(root: string): FileTree {
  const lookup = (path: string): TreeEntry | undefined => {
    const file = toFsPath(path === '' ? root : `${root}/${path}`)
    const stat = lstatSync(file, { throwIfNoEntry: false })
    if (!stat) return undefined
    const { mode, uid, gid } = stat
    const entry = { path, mode: mode & 0o7777, uid, gid, mtime: stat.mtimeMs / 1000, size: 0 }
    if (!stat.isSymbolicLink()) return { ...entry, type: stat.isDirectory() ? 'directory' : 'file' }
    return { ...entry, type: 'symlink', linkname: bytesToPath(asBuffer(readlinkSync(file, 'buffer'))) }
  }
  return { lookup, list: () => [] }
}
