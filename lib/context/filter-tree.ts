import type { FileTree, TreeEntry } from '../layers/file-tree.ts'
import { nameOf } from '../layers/tree-paths.ts'
import type { MatchState, PatternMatcher } from './ignore/ignore-matcher.ts'
import { baseName, parentPath } from './paths.ts'

interface Directory {
  readonly state: MatchState | undefined
  readonly entries: readonly TreeEntry[]
  readonly byName: ReadonlyMap<string, Visible>
}

interface Visible {
  readonly entry: TreeEntry
  readonly state: MatchState
}

const NONE: Directory = { state: undefined, entries: [], byName: new Map() }

/**
 * A tree without what a matcher ignores, as BuildKit filters a context: an ignored directory is still there, with its own
 * metadata, as the parent of what an exception brings back. Directories below which nothing can come back are never read.
 */
export function filterTree(tree: FileTree, ignore: PatternMatcher): FileTree {
  const directories = new Map<string, Directory>()

  const find = (path: string): Visible | undefined => read(parentPath(path)).byName.get(baseName(path))

  const read = (path: string): Directory => {
    let directory = directories.get(path)
    if (!directory) {
      const visible = path === '' ? undefined : find(path)
      directory = path === '' || visible?.entry.type === 'directory' ? filter(path, visible?.state) : NONE
      directories.set(path, directory)
    }
    return directory
  }

  const filter = (path: string, state: MatchState | undefined): Directory => {
    const byName = new Map<string, Visible>()
    for (const entry of tree.list(path)) {
      const own = ignore.match(entry.path, state)
      if (!own.matched || holdsExceptions(entry, own)) byName.set(nameOf(entry), { entry, state: own })
    }
    return { state, entries: Array.from(byName.values(), ({ entry }) => entry), byName }
  }

  /** Whether something below an ignored entry is not ignored. */
  const holdsExceptions = (entry: TreeEntry, state: MatchState): boolean => {
    if (entry.type !== 'directory' || !ignore.mayMatchBelow(entry.path, 'exceptions')) return false
    const directory = filter(entry.path, state)
    directories.set(entry.path, directory)
    return directory.entries.length > 0
  }

  return { lookup: (path) => (path === '' ? tree.lookup('') : find(path)?.entry), list: (path) => read(path).entries }
}
