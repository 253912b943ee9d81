import { baseName, parentPath } from '../base/paths.ts'
import { type FileTree, nameOf, type TreeEntry } from '../layers/file-tree.ts'
import type { MatchState, PatternMatcher } from './ignore/ignore-matcher.ts'
import { indexOfName } from './index-of-name.ts'

interface Directory {
  readonly entries: readonly TreeEntry[]
  /** The states of the directories among the entries; undefined if there are none. */
  readonly states: ReadonlyMap<string, MatchState> | undefined
}

const NONE: Directory = { entries: [], states: undefined }

/**
 * A tree without the entries that a matcher ignores, as BuildKit filters a context. An ignored directory stays,
 * with its own metadata, if an exception re-includes something below it. An ignored directory without possible
 * exceptions is never read.
 */
export function filterTree(tree: FileTree, ignore: PatternMatcher): FileTree {
  const directories = new Map<string, Directory>()

  const find = (path: string): TreeEntry | undefined => {
    const { entries } = read(parentPath(path))
    return entries[indexOfName(entries, baseName(path), nameOf)]
  }

  const read = (path: string): Directory => {
    let directory = directories.get(path)
    if (!directory) {
      const state = path === '' ? undefined : read(parentPath(path)).states?.get(baseName(path))
      directory = path === '' || state ? filter(path, state) : NONE
      directories.set(path, directory)
    }
    return directory
  }

  const filter = (path: string, state: MatchState | undefined): Directory => {
    const entries: TreeEntry[] = []
    let states: Map<string, MatchState> | undefined
    for (const entry of tree.list(path)) {
      const own = ignore.match(entry.path, state)
      if (own.matched && !holdsExceptions(entry, own)) continue
      entries.push(entry)
      if (entry.type === 'directory') states = (states ?? new Map<string, MatchState>()).set(nameOf(entry), own)
    }
    return { entries, states }
  }

  /** Whether an exception re-includes something below an ignored entry. */
  const holdsExceptions = (entry: TreeEntry, state: MatchState): boolean => {
    if (entry.type !== 'directory' || !ignore.mayMatchBelow(entry.path, 'exceptions')) return false
    const directory = filter(entry.path, state)
    directories.set(entry.path, directory)
    return directory.entries.length > 0
  }

  return { lookup: (path) => (path === '' ? tree.lookup('') : find(path)), list: (path) => read(path).entries }
}
