import { isSameEntry, treeChanges } from '../../layers/diff/tree-changes.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import { nameOf } from '../../layers/file-tree.ts'
import { StagedEntry } from './staged-entry.ts'
import type { StagedDirectory, StagedNode, StagedTree } from './staged-tree.ts'

/**
 * The entries of the layer that takes a target to its staged state: see {@link treeChanges}. A path that was
 * written over by the same file is left out. A time of the target is kept unless `timestamp` (seconds since
 * 1970) is given: then every entry has that.
 */
export function stagedChanges(stage: StagedTree, timestamp: number | undefined): readonly SourceEntry[] {
  return treeChanges<StagedNode>(
    {
      root: stage.root,
      names: (node, _path, isBelow) => node.children && changedNames(stage, node, isBelow),
      child: (directory, name) => directory.children?.get(name),
      entry: (node, directory, name) => new StagedEntry(directory, name, node.inode, timestamp),
      isChanged: (_node, entry, base) => !base || !isSameEntry(entry, base),
      link: ({ inode }) => ('linked' in inode && inode.linked ? inode : undefined),
    },
    stage.target,
  )
}

/**
 * The names in a directory that may have changed; all of the target's in a directory that was made anew in
 * place of another.
 */
function changedNames(stage: StagedTree, directory: StagedDirectory, isBelow: boolean): readonly string[] {
  const names = [...directory.children.keys()]
  const isReplaced = isBelow && directory !== stage.root && directory.base === undefined
  if (!isReplaced) return names.sort()
  const hidden = stage.target.list(directory.path).map(nameOf)
  return [...new Set([...names, ...hidden])].sort()
}
