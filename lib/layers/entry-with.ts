import type { TreeEntry } from './file-tree.ts'

/** An entry whose properties are all its own, so that it can be spread. */
export type PlainEntry = { readonly [K in keyof TreeEntry]: TreeEntry[K] }

/** A copy of an entry, with changes: the one way to copy what may compute its properties (see entry.ts). */
export function entryWith(entry: TreeEntry, changes: Partial<PlainEntry>): PlainEntry {
  // Every property by its name, also those that come to be.
  const own: { [K in keyof Required<TreeEntry>]: TreeEntry[K] } = {
    path: entry.path,
    // The path's, which may be another now.
    name: undefined,
    type: entry.type,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    mtime: entry.mtime,
    size: entry.size,
    linkname: entry.linkname,
    xattrs: entry.xattrs,
    devMajor: entry.devMajor,
    devMinor: entry.devMinor,
    content: entry.content,
    sha256: entry.sha256,
    stat: entry.stat,
    inode: entry.inode,
  }
  return Object.assign(own, changes)
}
