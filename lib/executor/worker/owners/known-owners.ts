// The owners of a root's files before the step, for ownership methods that can't read them from the disk.
import { lstatSync } from 'node:fs'
import { CAPABILITY, type EntryType, type SourceEntry } from '../../../layers/entry.ts'
import type { FileTree } from '../../../layers/file-tree.ts'
import { toFsPath } from '../../../layers/paths/path-bytes.ts'
import { treeEntries } from '../../../layers/union/tree-entries.ts'
import type { InodeKey, InodeOwner, KnownOwner } from '../../../sandbox/ownership/ownership-method.ts'

/**
 * The files of a tree that don't just belong to root, by their inodes in the directory that holds the tree. With
 * `permissions` also those that may have other permissions on disk. With `setIds`, for a tree that is the step's root,
 * also those with set-id bits.
 */
export function* knownOwners(
  view: FileTree,
  directory: string,
  { permissions, setIds = false }: { readonly permissions: boolean; readonly setIds?: boolean | undefined },
): Generator<readonly [InodeKey, KnownOwner]> {
  for (const entry of treeEntries(view)) {
    const keepsBits = setIds && entry.type === 'file' && (entry.mode & 0o6000) !== 0
    const owner = ownerOf(entry, permissions) ?? (keepsBits ? { uid: entry.uid, gid: entry.gid } : undefined)
    const stat = owner && lstatSync(toFsPath(`${directory}/${entry.path}`), { bigint: true, throwIfNoEntry: false })
    if (!stat) continue
    yield [
      { dev: stat.dev, ino: stat.ino },
      {
        ...owner,
        mode: Number(stat.mode),
        links: Number(stat.nlink),
        path: setIds && (keepsBits || owner.device) ? `/${entry.path}` : undefined,
      },
    ]
  }
}

/** The owner of a file that is mounted in a root, by the inode of the file. */
export function* mountedOwner(
  path: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): Generator<readonly [InodeKey, KnownOwner]> {
  const { dev, ino, mode, nlink } = lstatSync(path, { bigint: true })
  yield [
    { dev, ino },
    { uid, gid, mode: Number(mode), links: Number(nlink) },
  ]
}

function ownerOf(entry: SourceEntry, withPermissions: boolean): InodeOwner | undefined {
  const { type, mode, uid, gid, xattrs, devMajor = 0, devMinor = 0 } = entry
  const permissions = withPermissions && mode !== modeOnDisk(type, mode) ? mode : undefined
  const capability = xattrs?.[CAPABILITY]
  const device =
    type === 'character' || type === 'block' ? ({ type, major: devMajor, minor: devMinor } as const) : undefined
  if (type === 'hardlink' || (uid === 0 && gid === 0 && !device && !capability && permissions === undefined))
    return undefined
  return { uid, gid, device, capability, permissions }
}

/** The permissions that a step with a virtual root gives a file on disk; see native/README.md. */
function modeOnDisk(type: EntryType, mode: number): number {
  return (mode & 0o777) | (type === 'directory' ? 0o700 : 0o600)
}
