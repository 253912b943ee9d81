// Copying a file or a directory into a staged tree, as BuildKit's fsutil does it.

import { TsbuildError } from '../../base/errors.ts'
import { joinPath } from '../../base/paths.ts'
import type { MatchState, PatternMatcher } from '../../context/ignore/ignore-matcher.ts'
import type { ModeChange } from '../../graph/evaluate/parse-chmod.ts'
import { type FileTree, nameOf, type TreeEntry } from '../../layers/file-tree.ts'
import { type Inode, inodeOf, type OwnInode } from './inode.ts'
import type { Owner } from './resolve-owner.ts'
import { ownInode, quote, type StagedDirectory, type StagedNode, type StagedTree } from './staged-tree.ts'

export interface CopyRules {
  readonly owner: Owner | undefined
  readonly mode: ModeChange | undefined
  /** Only matching paths are copied, with the directories above them. Patterns are relative to the source. */
  readonly include?: PatternMatcher | undefined
  readonly exclude?: PatternMatcher | undefined
}

/** A directory on the way down. It is made when an entry in it is copied. */
interface Level {
  readonly source: TreeEntry
  readonly parent: Level | undefined
  readonly name: string
  /** The staged directory, once it is there. */
  node: StagedNode | undefined
  copied: boolean
}

/** The state of the patterns at a path, from which the paths below go on. */
interface Selection {
  readonly include: MatchState | undefined
  readonly exclude: MatchState | undefined
}

export interface CopyTreeOptions {
  readonly source: FileTree
  /** The entry of the source that is copied, with everything below it. */
  readonly from: TreeEntry
  /** The directory of the stage to copy into. */
  readonly directory: StagedDirectory
  /** The name that the copy gets in the directory; undefined if the copy is merged into the directory itself. */
  readonly name: string | undefined
  readonly rules: CopyRules
}

/**
 * Copies an entry and everything below it into a directory of the stage. Returns the number of entries that the
 * patterns selected. Errors with `COPY_DESTINATION` where a file and a directory meet.
 */
export function copyTree(stage: StagedTree, options: CopyTreeOptions): number {
  const copy = new TreeCopy(stage, options)
  const { from, name } = options
  if (from.type === 'directory') copy.directory(from, '', undefined, name, UNFILTERED, true)
  else copy.file(from, undefined, name ?? '')
  return copy.selected
}

const UNFILTERED: Selection = { include: undefined, exclude: undefined }

/**
 * One call of {@link copyTree}. Its methods call each other for each of thousands of files, so they take
 * positional parameters.
 */
class TreeCopy {
  selected = 0
  readonly #stage: StagedTree
  readonly #source: FileTree
  readonly #top: StagedDirectory
  readonly #rules: CopyRules
  /** Unchanged entries are shared with the source: copying 60,000 of them takes a tenth of a second and 10 MB. */
  readonly #sharesEntries: boolean
  /** The inodes of files with several links, by their identity in the source. */
  readonly #links = new Map<string, OwnInode>()

  constructor(stage: StagedTree, { source, directory, rules }: CopyTreeOptions) {
    this.#stage = stage
    this.#source = source
    this.#top = directory
    this.#rules = rules
    this.#sharesEntries = !rules.owner && !rules.mode
  }

  file(entry: TreeEntry, level: Level | undefined, name: string): void {
    const parent = level ? requireNode(level) : this.#top
    const existing = this.#stage.child(parent, name)
    if (existing?.children) throw conflict(existing.path, 'a directory', 'a file')
    this.#stage.put(
      parent,
      name,
      entry.inode === undefined ? this.#inode(entry) : this.#linkedInode(entry, entry.inode),
    )
  }

  directory(
    entry: TreeEntry,
    path: string,
    parent: Level | undefined,
    name: string | undefined,
    selection: Selection,
    isSelected: boolean,
  ): void {
    const holder = parent ? parent.node : this.#top
    const node = name === undefined ? this.#top : holder?.children && this.#stage.child(holder, name)
    const level: Level = { source: entry, parent, name: name ?? '', node, copied: isSelected }
    const isMade = isSelected && this.#make(level)
    if (this.#mayHoldSelected(path, selection)) {
      for (const child of this.#source.list(entry.path)) this.#child(child, level, path, selection)
    }
    if (!isSelected || isMade) return
    const merged = requireNode(level)
    // The destination itself keeps its metadata; directories that are merged in take the source's.
    if (path === '') ownInode(merged).mtime = Math.floor(entry.mtime)
    else merged.inode = withRules({ ...inodeOf(entry), xattrs: entry.xattrs ?? merged.inode.xattrs }, this.#rules)
  }

  #child(entry: TreeEntry, parent: Level, directoryPath: string, above: Selection): void {
    const { include, exclude } = this.#rules
    const name = nameOf(entry)
    const isFiltered = include !== undefined || exclude !== undefined
    const path = isFiltered ? joinPath(directoryPath, name) : name
    const selection = isFiltered
      ? { include: include?.match(path, above.include), exclude: exclude?.match(path, above.exclude) }
      : UNFILTERED
    const isSelected = selection.include?.matched !== false && selection.exclude?.matched !== true
    if (isSelected) {
      this.selected++
      this.#makeParents(parent)
    }
    if (entry.type === 'directory') this.directory(entry, path, parent, name, selection, isSelected)
    else if (isSelected) this.file(entry, parent, name)
  }

  #mayHoldSelected(path: string, selection: Selection): boolean {
    const { include, exclude } = this.#rules
    if (selection.exclude?.matched === true && !exclude?.mayMatchBelow(path, 'exceptions')) return false
    return selection.include?.matched !== false || include?.mayMatchBelow(path, 'patterns') === true
  }

  #inode(entry: TreeEntry): Inode {
    return this.#sharesEntries ? entry : withRules(inodeOf(entry), this.#rules)
  }

  #linkedInode(entry: TreeEntry, id: string): OwnInode {
    const known = this.#links.get(id)
    if (known) {
      known.linked = true
      return known
    }
    const inode = withRules(inodeOf(entry), this.#rules)
    if (entry.type === 'file') this.#links.set(id, inode)
    return inode
  }

  /** Makes the directories above that were not selected themselves. */
  #makeParents(level: Level | undefined): void {
    if (!level || level.copied) return
    this.#makeParents(level.parent)
    level.copied = true
    if (!this.#make(level)) ownInode(requireNode(level)).mode = level.source.mode
  }

  /** Makes a directory; false if there is one. */
  #make(level: Level): boolean {
    if (level.node?.children) return false
    const parent = level.parent ? requireNode(level.parent) : this.#top
    if (level.node) throw conflict(joinPath(parent.path, level.name), 'no directory', 'a directory')
    level.node = this.#stage.put(parent, level.name, this.#inode(level.source))
    return true
  }
}

function withRules(inode: OwnInode, { owner, mode }: CopyRules): OwnInode {
  if (owner) {
    inode.uid = owner.uid
    inode.gid = owner.gid
  }
  if (mode && inode.type !== 'symlink') inode.mode = mode.apply(inode.mode, inode.type === 'directory')
  return inode
}

function requireNode(level: Level): StagedDirectory {
  if (!level.node?.children) throw new Error('bug: a directory is written to before it is made')
  return level.node
}

function conflict(path: string, there: string, wanted: string): TsbuildError {
  return new TsbuildError('COPY_DESTINATION', `cannot copy ${wanted} over ${quote(path)}: it is ${there}`, {
    hint: 'choose another destination; COPY replaces files but never a directory by a file, or the other way round',
  })
}
