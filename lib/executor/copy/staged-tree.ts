// A filesystem with changes that are not written anywhere yet: the view of a step while it works.

import { TsbuildError } from '../../base/errors.ts'
import { baseName, joinPath, parentPath } from '../../base/paths.ts'
import { type FileTree, nameOf, type TreeEntry } from '../../layers/file-tree.ts'
import { isWhiteoutName } from '../../layers/whiteout.ts'
import { directoryInode, type Inode, inodeOf, type OwnInode } from './inode.ts'
import { StagedEntry } from './staged-entry.ts'

/** A name in a directory. */
export type StagedNode = StagedFile | StagedDirectory

/** A file, link or device. It stores no path, because there are many of them. */
export interface StagedFile {
  inode: Inode
  /** The target's entry at this path, unless the name stands for something new. */
  readonly base: TreeEntry | undefined
  readonly children?: undefined
}

export interface StagedDirectory {
  readonly path: string
  inode: Inode
  /** The target's entry at this path, unless the name stands for something new. */
  readonly base: TreeEntry | undefined
  /** The names that were looked up or changed; undefined for a removed name. */
  readonly children: Map<string, StagedNode | undefined>
}

/** A target filesystem with changes on top. Paths have no symlinks in them: resolve them first, against this tree. */
export class StagedTree implements FileTree {
  readonly target: FileTree
  readonly root: StagedDirectory
  /** The paths of what was put here under the name of a whiteout. */
  readonly whiteoutPaths: string[] = []

  constructor(target: FileTree) {
    const base = target.lookup('')
    this.target = target
    this.root = { path: '', inode: base ?? directoryInode(0o755, 0), base, children: new Map() }
  }

  lookup(path: string): TreeEntry | undefined {
    const node = this.find(path)
    return node && new StagedEntry(parentPath(path), baseName(path), node.inode, undefined)
  }

  list(path: string): readonly TreeEntry[] {
    const node = this.find(path)
    if (!node?.children) return []
    const names = new Set(node.children.keys())
    if (node.base?.type === 'directory') for (const entry of this.target.list(path)) names.add(nameOf(entry))
    return [...names].sort().flatMap((name) => this.lookup(joinPath(path, name)) ?? [])
  }

  find(path: string): StagedNode | undefined {
    let node: StagedNode | undefined = this.root
    if (path !== '') for (const name of path.split('/')) node = node?.children && this.child(node, name)
    return node
  }

  child(directory: StagedDirectory, name: string): StagedNode | undefined {
    const { children, base } = directory
    const known = children.get(name)
    if (known || base?.type !== 'directory' || children.has(name)) return known
    const path = joinPath(directory.path, name)
    const entry = this.target.lookup(path)
    if (!entry) return undefined
    const node = stagedNode(path, entry, entry)
    children.set(name, node)
    return node
  }

  /** Puts a new inode in a directory, in place of whatever had the name. */
  put(directory: StagedDirectory, name: string, inode: Inode): StagedNode {
    const path = joinPath(directory.path, name)
    if (isWhiteoutName(name)) this.whiteoutPaths.push(path)
    const node = stagedNode(path, inode, undefined)
    directory.children.set(name, node)
    return node
  }

  /**
   * Makes a directory and those above it where they are missing. Errors with `COPY_DESTINATION` if something
   * else is in the way.
   */
  makeDirectories(path: string, make: () => Inode): StagedDirectory {
    let directory = this.root
    if (path === '') return directory
    for (const name of path.split('/')) {
      const node = this.child(directory, name) ?? this.put(directory, name, make())
      if (!node.children) {
        const inTheWay = quote(joinPath(directory.path, name))
        throw new TsbuildError('COPY_DESTINATION', `cannot write to ${quote(path)}: ${inTheWay} is not a directory`)
      }
      directory = node
    }
    return directory
  }
}

function stagedNode(path: string, inode: Inode, base: TreeEntry | undefined): StagedNode {
  return inode.type === 'directory' ? { path, inode, base, children: new Map() } : { inode, base }
}

/** A node's inode, to be changed. */
export function ownInode(node: StagedNode): OwnInode {
  const { inode } = node
  if ('linked' in inode) return inode
  const own = inodeOf(inode)
  node.inode = own
  return own
}

/** A path for messages: absolute, as in a Dockerfile. */
export function quote(path: string): string {
  return JSON.stringify(`/${path}`)
}
