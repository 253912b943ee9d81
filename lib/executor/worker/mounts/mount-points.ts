// Mount points: made in the root where they are missing, and removed after the step.
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
  utimesSync,
} from 'node:fs'
import { parentPath } from '../../../base/paths.ts'
import { toFsPath } from '../../../layers/paths/path-bytes.ts'
import { resolveInRoot } from '../root/resolve-in-root.ts'

export interface MountPoints {
  /**
   * Makes a file or directory at a path of the root unless the path exists, with missing parents; all of them belong
   * to root. Returns the path, absolute and with symlinks resolved.
   */
  ensure(target: string, kind: Kind): string
  /**
   * The mode for a tmpfs at a path of ensure(): the mode of the directory that it covers, or {@link TMPFS_MODE} for a
   * new one.
   */
  tmpfsMode(target: string): number
  /**
   * Removes the new mount points that are still empty. Their parents get their times back, unless the command changed
   * them.
   */
  remove(): void
}

type Kind = 'directory' | 'file'

/** The mode that the kernel gives a tmpfs by default. */
export const TMPFS_MODE = 0o1777

/** A mount point that was made. */
interface NewPoint {
  /** In the form of entry.ts. */
  readonly path: string
  readonly kind: Kind
  /** The times of the parent before the mount point was made, and its mtime after that, in milliseconds. */
  readonly before: { readonly atimeMs: number; readonly mtimeMs: number }
  readonly after: number
}

export function createMountPoints(root: string): MountPoints {
  const made: NewPoint[] = []
  const make = (path: string, kind: Kind): void => {
    const file = toFsPath(`${root}/${path}`)
    if (lstatSync(file, { throwIfNoEntry: false })) return
    const parent = toFsPath(`${root}/${parentPath(path)}`)
    const before = lstatSync(parent)
    if (kind === 'directory') mkdirSync(file, 0o755)
    else closeSync(openSync(file, 'wx', 0o644))
    made.push({ path, kind, before, after: lstatSync(parent).mtimeMs })
  }
  return {
    ensure: (target, kind) => {
      const path = resolveInRoot(root, target)
      for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) make(path.slice(0, at), 'directory')
      make(path, kind)
      return `/${path}`
    },
    tmpfsMode: (target) => {
      const directory = toFsPath(root + target)
      // Some runtimes ignore the mode option and take the mode of the mount point.
      if (made.some(({ path }) => `/${path}` === target)) chmodSync(directory, TMPFS_MODE)
      return lstatSync(directory).mode & 0o7777
    },
    remove: () => {
      for (const point of made.splice(0).reverse()) removePoint(root, point)
    },
  }
}

function removePoint(root: string, { path, kind, before, after }: NewPoint): void {
  // The command may have replaced a directory by a symlink, which would lead us out of the root.
  if (!isDirectory(root, parentPath(path))) return
  const file = toFsPath(`${root}/${path}`)
  const parent = toFsPath(`${root}/${parentPath(path)}`)
  const stat = lstatSync(file, { throwIfNoEntry: false })
  if (!stat) return
  if (kind === 'directory') {
    if (!stat.isDirectory() || readdirSync(file).length > 0) return
  } else if (!stat.isFile() || stat.size > 0) {
    return
  }
  const untouched = lstatSync(parent).mtimeMs === after
  if (kind === 'directory') rmdirSync(file)
  else unlinkSync(file)
  if (untouched) utimesSync(parent, before.atimeMs / 1000, before.mtimeMs / 1000)
}

/** Whether a path of a root and all its parents are directories, not symlinks. */
function isDirectory(root: string, path: string): boolean {
  if (path === '') return true
  const stat = isDirectory(root, parentPath(path)) && lstatSync(toFsPath(`${root}/${path}`), { throwIfNoEntry: false })
  return stat !== false && stat?.isDirectory() === true
}
