import { cleanPath } from '../../base/paths.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import type { FileTree } from '../../layers/file-tree.ts'
import { resolvePath } from '../../layers/paths/resolve-path.ts'
import { directoryInode } from './inode.ts'
import type { Owner } from './resolve-owner.ts'
import { stagedChanges } from './staged-changes.ts'
import { StagedTree } from './staged-tree.ts'

/**
 * The directories that WORKDIR makes: mode 0755, owned by `owner` (default 0:0), from `now` unless `timestamp`
 * is given; both are seconds since 1970. Nothing if the directory is there. Errors with `COPY_DESTINATION` if
 * something else is.
 */
export function planWorkdir(
  path: string,
  target: FileTree,
  options: { readonly owner: Owner | undefined; readonly now: number; readonly timestamp?: number | undefined },
): readonly SourceEntry[] {
  const stage = new StagedTree(target)
  const resolved = resolvePath(stage, cleanPath(path), { followLast: true })
  stage.makeDirectories(resolved, () => directoryInode(0o755, options.now, options.owner))
  return stagedChanges(stage, options.timestamp)
}
