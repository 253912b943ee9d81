import type { TreeEntry } from './file-tree.ts'

/** An entry whose properties are all own properties, so that it can be spread. */
export type PlainEntry = { readonly [K in keyof TreeEntry]: TreeEntry[K] }

/** A copy of an entry with changes: the only way to copy an entry, which may compute its properties (see entry.ts). */
export function entryWith(entry: TreeEntry, changes: Partial<PlainEntry>): PlainEntry {
  // The type requires every property here, also those that are added later.
  const own: { [K in keyof Required<TreeEntry>]: TreeEntry[K] } = {
    path: entry.path,
    // The name follows from the path, which may change.
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
