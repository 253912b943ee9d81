import type { SourceEntry } from '../../layers/entry.ts'
import type { TreeEntry } from '../../layers/file-tree.ts'

/** The metadata and content of a file, without its name. Hard links share it, and a step changes it. */
export type OwnInode = { -readonly [K in keyof Omit<SourceEntry, 'path'>]: SourceEntry[K] } & {
  /** Whether other names may share the inode. */
  linked: boolean
}

/**
 * An inode of the stage, or the unchanged entry of a tree, which {@link ownInode} copies before a change. Most
 * entries are never changed.
 */
export type Inode = OwnInode | TreeEntry

export function directoryInode(
  mode: number,
  mtime: number,
  owner: { uid: number; gid: number } = { uid: 0, gid: 0 },
): OwnInode {
  return { type: 'directory', mode, uid: owner.uid, gid: owner.gid, mtime, size: 0, linked: false }
}

/** An inode with an entry's properties; times become whole seconds, as layers have them. */
export function inodeOf(entry: SourceEntry): OwnInode {
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
    linked: false,
  }
}
