// Places to mount at: made in the root where they are missing, and removed again afterwards.
import {
  chmodSync,
  chownSync,
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

export interface MountStubs {
  /**
   * Makes sure that something of the kind is at a path of the root, and gives the path with its symlinks resolved, absolute. What is
   * made, directories on the way included, belongs to root.
   */
  ensure(target: string, kind: Kind): string
  /** The mode for the root of a tmpfs at a path that ensure() gave: that of the directory it covers, else anybody may write. */
  tmpfsMode(target: string): number
  /** Removes what was made and is still empty; the directories that it was in get their times back. */
  remove(): void
}

type Kind = 'directory' | 'file'

/** Of the root of a tmpfs that covers nothing, as the kernel makes it. */
export const TMPFS_MODE = 0o1777

interface Stub {
  /** In the form of entry.ts. */
  readonly path: string
  readonly kind: Kind
  /** The parent's times before the stub was made, and its mtime after that, in milliseconds. */
  readonly before: { readonly atimeMs: number; readonly mtimeMs: number }
  readonly after: number
}

export function createMountStubs(root: string): MountStubs {
  const stubs: Stub[] = []
  const make = (path: string, kind: Kind): void => {
    const file = toFsPath(`${root}/${path}`)
    if (lstatSync(file, { throwIfNoEntry: false })) return
    const parent = toFsPath(`${root}/${parentPath(path)}`)
    const before = lstatSync(parent)
    if (kind === 'directory') mkdirSync(file, 0o755)
    else closeSync(openSync(file, 'wx', 0o644))
    stubs.push({ path, kind, before, after: lstatSync(parent).mtimeMs })
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
      // Some runtimes take the mode from here, whatever they are told.
      if (stubs.some(({ path }) => `/${path}` === target)) chmodSync(directory, TMPFS_MODE)
      return lstatSync(directory).mode & 0o7777
    },
    remove: () => {
      for (const stub of stubs.splice(0).reverse()) removeStub(root, stub)
    },
  }
}

function removeStub(root: string, { path, kind, before, after }: Stub): void {
  // The command may have put a link where a directory was, which leads out of the root for us.
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

/** Whether a path of a root is a directory, and so is all that it is in. */
function isDirectory(root: string, path: string): boolean {
  if (path === '') return true
  const stat = isDirectory(root, parentPath(path)) && lstatSync(toFsPath(`${root}/${path}`), { throwIfNoEntry: false })
  return stat !== false && stat?.isDirectory() === true
}

/** Makes the working directory of a step if it is missing; what is made belongs to the step's user. Gives the resolved path. */
export function ensureWorkdir(
  root: string,
  workdir: string,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): string {
  const resolved = resolveInRoot(root, workdir)
  let path = ''
  for (const name of resolved.split('/').filter((part) => part !== '')) {
    path += `/${name}`
    const directory = toFsPath(root + path)
    if (lstatSync(directory, { throwIfNoEntry: false })) continue
    mkdirSync(directory, 0o755)
    if (owner) chownSync(directory, owner.uid, owner.gid)
  }
  return `/${resolved}`
}
