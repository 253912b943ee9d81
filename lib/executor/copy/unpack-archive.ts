// Unpacking an archive into a staged tree, as ADD does it.

import { TsbuildError } from '../../base/errors.ts'
import { baseName, joinPath, parentPath } from '../../base/paths.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import type { FileTree } from '../../layers/file-tree.ts'
import { resolvePath } from '../../layers/paths/resolve-path.ts'
import { directoryInode, inodeOf, type OwnInode } from './inode.ts'
import type { Owner } from './resolve-owner.ts'
import { StagedEntry } from './staged-entry.ts'
import { ownInode, quote, type StagedNode, type StagedTree } from './staged-tree.ts'

/**
 * Unpacks entries below a directory of the stage, which is their root: no `..` and no symlink leads out of it.
 * Existing files in the way are replaced, and directories are merged. Owners are the archive's, or `owner` for
 * all. Directories that the archive implies belong to 0:0 and are from `now`. Names that start with `.wh.` are
 * kept, and therefore hide files of lower layers. Errors with `ARCHIVE_INVALID` for a hard link to nothing.
 */
export function unpackArchive(
  stage: StagedTree,
  entries: readonly SourceEntry[],
  directory: string,
  { owner, now }: { readonly owner: Owner | undefined; readonly now: number },
): void {
  const inStage = (path: string, options: { readonly followLast: boolean }): string =>
    joinPath(directory, resolvePath(pathView(stage, directory), path, options)).replace(/\/$/, '')

  for (const entry of entries) {
    if (entry.path === '') continue
    const parent = stage.makeDirectories(inStage(parentPath(entry.path), { followLast: true }), () =>
      directoryInode(0o755, now),
    )
    const name = baseName(entry.path)
    const inode = inodeOf(entry)
    const meta = { ...inode, mtime: timeOnDisk(inode.mtime), ...owner }
    if (entry.type === 'hardlink') {
      const source = stage.find(inStage(entry.linkname ?? '', { followLast: false }))
      if (!source || source.children) throw brokenLink(entry)
      stage.put(parent, name, Object.assign(ownInode(source), pickMeta(meta), { linked: true }))
      continue
    }
    const existing = stage.child(parent, name)
    if (entry.type === 'directory' && existing?.children) Object.assign(ownInode(existing), pickMeta(meta))
    else stage.put(parent, name, meta)
  }
}

/**
 * A directory of the stage as a root, for resolving one path: each lookup starts at the previous one, so that
 * deep paths are fast.
 */
function pathView(stage: StagedTree, directory: string): FileTree {
  let before: { readonly path: string; readonly node: StagedNode | undefined } = { path: '', node: undefined }
  return {
    lookup: (path) => {
      const parent = parentPath(path)
      const { node: above } = before
      const node =
        above?.children && before.path === parent
          ? stage.child(above, baseName(path))
          : stage.find(joinPath(directory, path))
      before = { path, node }
      return node && new StagedEntry(parent, baseName(path), node.inode, undefined)
    },
    list: (path) => stage.list(joinPath(directory, path)),
  }
}

/** The end of Go's time in nanoseconds, in the year 2262. */
const MAX_TIME = 2 ** 63 / 1e9

/** As in BuildKit, a time that a disk may not be able to hold becomes the epoch. */
function timeOnDisk(mtime: number): number {
  return mtime < 0 || mtime > MAX_TIME ? 0 : mtime
}

function pickMeta({ mode, uid, gid, mtime }: OwnInode): Pick<OwnInode, 'mode' | 'uid' | 'gid' | 'mtime'> {
  return { mode, uid, gid, mtime }
}

function brokenLink({ path, linkname = '' }: SourceEntry): TsbuildError {
  return new TsbuildError(
    'ARCHIVE_INVALID',
    `${quote(path)} in the archive is a hard link to ${quote(linkname)}, which does not exist`,
  )
}
