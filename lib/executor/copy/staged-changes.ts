// The layer that takes a target to its staged state.

import { CAPABILITY, type SourceEntry } from '../../layers/entry.ts'
import type { TreeEntry } from '../../layers/file-tree.ts'
import { hashContent } from '../../layers/hash-content.ts'
import { baseName, joinPath, nameOf, parentPath } from '../../layers/paths/tree-paths.ts'
import type { Inode } from './inode.ts'
import { StagedEntry } from './staged-entry.ts'
import type { StagedDirectory, StagedTree } from './staged-tree.ts'

/**
 * What changed in a staged tree, as layer entries: sorted, parents first, removed names as whiteouts. As in BuildKit's layers the
 * directories above a change are there too, and what was written over itself is not. A time of the target is kept unless
 * `timestamp` says otherwise: then every entry has that.
 */
export function stagedChanges(stage: StagedTree, timestamp: number | undefined): readonly SourceEntry[] {
  const entries: SourceEntry[] = []
  const firstLinks = new Map<Inode, string>()

  const write = (directory: string, name: string, inode: Inode) => {
    if ('linked' in inode && inode.linked) {
      const path = joinPath(directory, name)
      const linkname = firstLinks.get(inode)
      if (linkname !== undefined) {
        const { mode, uid, gid } = inode
        const mtime = timestamp ?? Math.floor(inode.mtime)
        entries.push({ path, type: 'hardlink', mode, uid, gid, mtime, size: 0, linkname })
        return
      }
      firstLinks.set(inode, path)
    }
    entries.push(new StagedEntry(directory, name, inode, timestamp))
  }

  /** Directories on the way to the current node that are not in the list yet, outermost first. */
  const pending: StagedDirectory[] = []
  const writeParents = () => {
    for (const { path, inode } of pending) write(parentPath(path), baseName(path), inode)
    pending.length = 0
  }

  const visit = (directory: StagedDirectory, below: boolean) => {
    for (const name of changedNames(stage, directory, below)) {
      const node = directory.children.get(name)
      const base = node?.base ?? (below ? stage.target.lookup(joinPath(directory.path, name)) : undefined)
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
      if (base && isSame(node.inode, base, timestamp)) {
        if (!node.children) continue
        pending.push(node)
      } else {
        writeParents()
        write(directory.path, name, node.inode)
      }
      if (!node.children) continue
      visit(node, base?.type === 'directory')
      if (pending.at(-1) === node) pending.pop()
    }
  }
  visit(stage.root, true)
  return entries
}

/** The names in a directory that may have changed; all of the target's in a directory that was made anew in place of another. */
function changedNames(stage: StagedTree, directory: StagedDirectory, below: boolean): readonly string[] {
  const names = [...directory.children.keys()]
  const replaced = below && directory !== stage.root && directory.base === undefined
  if (!replaced) return names.sort()
  const hidden = stage.target.list(directory.path).map(nameOf)
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
  return hashContent(new StagedEntry('', '', inode, undefined))
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0)
}
