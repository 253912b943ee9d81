// The layer that takes a target to its staged state.

import { joinPath } from '../context/paths.ts'
import type { SourceEntry } from '../layers/entry.ts'
import type { TreeEntry } from '../layers/file-tree.ts'
import { hashContent } from '../layers/hash-content.ts'
import type { Inode, StagedNode, StagedTree } from './staged-tree.ts'

/**
 * What changed in a staged tree, as layer entries: sorted, parents first, removed names as whiteouts. As in BuildKit's layers the
 * directories above a change are there too, and what was written over itself is not. A time of the target is kept unless
 * `timestamp` says otherwise: then every entry has that.
 */
export function stagedChanges(stage: StagedTree, timestamp: number | undefined): readonly SourceEntry[] {
  const entries: SourceEntry[] = []
  const firstLinks = new Map<Inode, string>()

  const write = (path: string, inode: Inode) => {
    const mtime = timestamp ?? Math.floor(inode.mtime)
    const first = inode.linked ? firstLinks.get(inode) : undefined
    if (first !== undefined) {
      const { mode, uid, gid } = inode
      entries.push({ path, type: 'hardlink', mode, uid, gid, mtime, size: 0, linkname: first })
      return
    }
    if (inode.linked) firstLinks.set(inode, path)
    const { type, mode, uid, gid, size, linkname, devMajor, devMinor, content, sha256, stat } = inode
    const xattrs = inode.xattrs && capability(inode.xattrs)
    entries.push({
      path,
      type,
      mode,
      uid,
      gid,
      mtime,
      size,
      linkname,
      xattrs,
      devMajor,
      devMinor,
      content,
      sha256,
      stat,
    })
  }

  /** Directories on the way to the current node that are not in the list yet, outermost first. */
  const pending: StagedNode[] = []
  const writeParents = () => {
    for (const parent of pending) write(parent.path, parent.inode)
    pending.length = 0
  }

  const visit = (directory: StagedNode, below: boolean) => {
    for (const name of changedNames(stage, directory, below)) {
      const node = directory.children.get(name)
      // The node's own text, since there are many.
      const path = node?.path ?? joinPath(directory.path, name)
      const base = node?.base ?? (below ? stage.target.lookup(path) : undefined)
      if (!node) {
        if (!base) continue
        writeParents()
        entries.push({
          path: joinPath(directory.path, `.wh.${name}`),
          type: 'file',
          mode: 0,
          uid: 0,
          gid: 0,
          mtime: 0,
          size: 0,
        })
        continue
      }
      const { inode } = node
      const isDirectory = inode.type === 'directory'
      if (base && isSame(inode, base, timestamp)) {
        if (!isDirectory) continue
        pending.push(node)
      } else {
        writeParents()
        write(path, inode)
      }
      if (isDirectory) visit(node, base?.type === 'directory')
      if (pending.at(-1) === node) pending.pop()
    }
  }
  visit(stage.root, true)
  return entries
}

/** The names in a directory that may have changed; all of the target's in a directory that was made anew in place of another. */
function changedNames(stage: StagedTree, directory: StagedNode, below: boolean): readonly string[] {
  const names = [...directory.children.keys()]
  const replaced = below && directory !== stage.root && directory.base === undefined
  if (!replaced) return names.sort()
  const hidden = stage.target.list(directory.path).map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
  return [...new Set([...names, ...hidden])].sort()
}

function isSame(inode: Inode, base: TreeEntry, timestamp: number | undefined): boolean {
  if (inode.type !== base.type || inode.mode !== base.mode || inode.uid !== base.uid || inode.gid !== base.gid)
    return false
  if ((inode.devMajor ?? 0) !== (base.devMajor ?? 0) || (inode.devMinor ?? 0) !== (base.devMinor ?? 0)) return false
  if (inode.type === 'directory') return true
  if ((timestamp ?? Math.floor(inode.mtime)) !== Math.floor(base.mtime)) return false
  if (inode.size !== base.size || inode.linkname !== base.linkname) return false
  if (!sameBytes(inode.xattrs?.[CAPABILITY], base.xattrs?.[CAPABILITY])) return false
  return inode.type !== 'file' || inode.size === 0 || (base.sha256 !== undefined && base.sha256 === digestOf(inode))
}

/** Undefined where the content cannot be read yet: a layer of a base image may not have been fetched. */
function digestOf(inode: Inode): string | undefined {
  if (inode.sha256 !== undefined || inode.content?.kind === 'range') return inode.sha256
  return hashContent({ path: '', ...inode })
}

const CAPABILITY = 'security.capability'

/** The one attribute that layers carry. */
function capability(xattrs: NonNullable<Inode['xattrs']>): Inode['xattrs'] {
  const value = xattrs[CAPABILITY]
  return value && { [CAPABILITY]: value }
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0)
}
