// A filesystem with changes on top that are not written anywhere yet: what a step would see while it works.

import { joinPath } from '../context/paths.ts'
import { TsbuildError } from '../errors.ts'
import type { EntryType, FileStat, SourceEntry } from '../layers/entry.ts'
import type { FileTree, TreeEntry } from '../layers/file-tree.ts'

/** What a name stands for, without the name. Shared by the names of hard links, and replaced or changed as a step goes on. */
export type Inode = { -readonly [K in keyof Omit<SourceEntry, 'path'>]: SourceEntry[K] } & {
  stat?: FileStat | undefined
  /** Whether other names may share it. */
  linked?: boolean
}

/** A name in a directory. */
export interface StagedNode {
  readonly path: string
  inode: Inode
  /** What the target has here, if the name still stands for that. */
  readonly base: TreeEntry | undefined
  /** Directories: names that were looked at or changed; undefined for what was removed. */
  readonly children: Map<string, StagedNode | undefined>
}

/** A target filesystem with changes on top. Paths have no symlinks in them: resolve them first, against this tree. */
export class StagedTree implements FileTree {
  readonly target: FileTree
  readonly root: StagedNode

  constructor(target: FileTree) {
    const base = target.lookup('')
    this.target = target
    this.root = { path: '', inode: base ? inodeOf(base) : directoryInode(0o755, 0), base, children: new Map() }
  }

  lookup(path: string): TreeEntry | undefined {
    const node = this.find(path)
    return node && { ...node.inode, path }
  }

  list(path: string): readonly TreeEntry[] {
    const node = this.find(path)
    if (node?.inode.type !== 'directory') return []
    const names = new Set(node.children.keys())
    if (node.base?.type === 'directory') for (const entry of this.target.list(path)) names.add(lastName(entry.path))
    return [...names].sort().flatMap((name) => this.lookup(joinPath(path, name)) ?? [])
  }

  find(path: string): StagedNode | undefined {
    let node: StagedNode | undefined = this.root
    if (path !== '') for (const name of path.split('/')) node = node && this.child(node, name)
    return node
  }

  child(directory: StagedNode, name: string): StagedNode | undefined {
    const { children, base, inode } = directory
    const known = children.get(name)
    if (known || inode.type !== 'directory' || base?.type !== 'directory' || children.has(name)) return known
    const path = joinPath(directory.path, name)
    const entry = this.target.lookup(path)
    if (!entry) return undefined
    const node: StagedNode = { path, inode: inodeOf(entry), base: entry, children: childrenOf(entry.type) }
    children.set(name, node)
    return node
  }

  /** Puts something new in a directory, in place of whatever had the name. */
  put(directory: StagedNode, name: string, inode: Inode): StagedNode {
    const path = joinPath(directory.path, name)
    const node: StagedNode = { path, inode, base: undefined, children: childrenOf(inode.type) }
    directory.children.set(name, node)
    return node
  }

  /** Makes a directory and those above it where they are missing. Errors with `COPY_DESTINATION` if something else is in the way. */
  makeDirectories(path: string, make: () => Inode): StagedNode {
    let node = this.root
    if (path === '') return node
    for (const name of path.split('/')) {
      node = this.child(node, name) ?? this.put(node, name, make())
      if (node.inode.type !== 'directory') {
        throw new TsbuildError(
          'COPY_DESTINATION',
          `cannot write to ${quote(path)}: ${quote(node.path)} is not a directory`,
        )
      }
    }
    return node
  }
}

/** Most nodes are files: these share a map that nothing is put into. */
const NO_CHILDREN: StagedNode['children'] = new Map()

function childrenOf(type: EntryType): StagedNode['children'] {
  return type === 'directory' ? new Map() : NO_CHILDREN
}

export function directoryInode(
  mode: number,
  mtime: number,
  owner: { uid: number; gid: number } = { uid: 0, gid: 0 },
): Inode {
  return { type: 'directory', mode, uid: owner.uid, gid: owner.gid, mtime, size: 0 }
}

/** An inode with an entry's properties; times become whole seconds, as layers have them. */
export function inodeOf(entry: SourceEntry & { readonly stat?: FileStat | undefined }): Inode {
  const { type, mode, uid, gid, mtime, size, linkname, xattrs, devMajor, devMinor, content, sha256, stat } = entry
  return {
    type,
    mode,
    uid,
    gid,
    mtime: Math.floor(mtime),
    size,
    linkname,
    xattrs,
    devMajor,
    devMinor,
    content,
    sha256,
    stat,
  }
}

/** A path for messages: absolute, as in a Dockerfile. */
export function quote(path: string): string {
  return JSON.stringify(`/${path}`)
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
