// Places to mount at: made in the root where they are missing, and removed again afterwards.
import {
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
import { toFsPath } from '../../layers/path-bytes.ts'
import { resolveInRoot } from './disk-tree.ts'

export interface MountStubs {
  /**
   * Makes sure that something of the kind is at a path of the root, and gives the path with its symlinks resolved, absolute. Directories
   * on the way are made too and stay, as with BuildKit; they belong to root.
   */
  ensure(target: string, kind: 'directory' | 'file'): string
  /** Removes what was made and is still empty; the directories that it was in get their times back. */
  remove(): void
}

interface Stub {
  readonly path: string | Buffer
  readonly kind: 'directory' | 'file'
  readonly parent: string | Buffer
  /** The parent's times before and after the stub was made, in milliseconds. */
  readonly before: { readonly atimeMs: number; readonly mtimeMs: number }
  readonly after: number
}

/** `owner` is given where files can belong to somebody else than the process. */
export function createMountStubs(root: string): MountStubs {
  const stubs: Stub[] = []
  return {
    ensure: (target, kind) => {
      const resolved = resolveInRoot(root, target)
      makeParents(root, resolved)
      const path = toFsPath(`${root}/${resolved}`)
      if (!lstatSync(path, { throwIfNoEntry: false })) {
        const slash = resolved.lastIndexOf('/')
        const parent = toFsPath(slash === -1 ? root : `${root}/${resolved.slice(0, slash)}`)
        const before = lstatSync(parent)
        if (kind === 'directory') mkdirSync(path, 0o755)
        else closeSync(openSync(path, 'wx', 0o644))
        stubs.push({ path, kind, parent, before, after: lstatSync(parent).mtimeMs })
      }
      return `/${resolved}`
    },
    remove: () => {
      for (const stub of stubs.splice(0).reverse()) removeStub(stub)
    },
  }
}

function makeParents(root: string, path: string): void {
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const parent = toFsPath(`${root}/${path.slice(0, at)}`)
    if (!lstatSync(parent, { throwIfNoEntry: false })) mkdirSync(parent, 0o755)
  }
}

function removeStub({ path, kind, parent, before, after }: Stub): void {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) return
  if (kind === 'directory') {
    if (!stat.isDirectory() || readdirSync(path).length > 0) return
  } else if (!stat.isFile() || stat.size > 0) {
    return
  }
  const untouched = lstatSync(parent).mtimeMs === after
  if (kind === 'directory') rmdirSync(path)
  else unlinkSync(path)
  if (untouched) utimesSync(parent, before.atimeMs / 1000, before.mtimeMs / 1000)
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
