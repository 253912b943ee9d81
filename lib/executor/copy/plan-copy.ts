// COPY and ADD: which entries the layer of an instruction holds.

import { type TsbuildError, withLocation } from '../../base/errors.ts'
import { baseName, cleanPath, joinPath, parentPath } from '../../base/paths.ts'
import type { Location, Span } from '../../base/source.ts'
import { createPatternMatcher, type PatternMatcher } from '../../context/ignore/ignore-matcher.ts'
import { type ModeChange, parseChmod } from '../../graph/evaluate/parse-chmod.ts'
import type { CopyInput, CopyOp, RemoteInput } from '../../graph/types.ts'
import type { Archive } from '../../layers/archive/open-archive.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import { entryWith } from '../../layers/entry-with.ts'
import { EMPTY_TREE, type FileTree, type TreeEntry } from '../../layers/file-tree.ts'
import { resolvePath } from '../../layers/paths/resolve-path.ts'
import { copyTree } from './copy-tree.ts'
import { directoryInode, type Inode } from './inode.ts'
import { isLinked } from './is-linked.ts'
import { hasWildcard, matchSources } from './match-sources.ts'
import { missingSource } from './missing-source.ts'
import { patternError, withPatternErrors } from './pattern-errors.ts'
import type { Owner } from './resolve-owner.ts'
import { splitParents } from './split-parents.ts'
import { stagedChanges } from './staged-changes.ts'
import { StagedTree } from './staged-tree.ts'
import { unpackArchive } from './unpack-archive.ts'

export interface CopyPlanOptions {
  /** The owner that `--chown` names. */
  readonly owner: Owner | undefined
  /** Seconds since 1970: the time of directories that are made on the way, and of inline files. */
  readonly now: number
  /** Seconds since 1970 for every entry. */
  readonly timestamp?: number | undefined
  /**
   * Seconds since 1970, the time of a source's root without a time of its own: most layers have no entry for
   * the root. Default none.
   */
  readonly rootTime?: number | undefined
  /** For ADD: the content of remote sources. */
  readonly remote?: ReadonlyMap<RemoteInput, RemoteContent> | undefined
  /** For ADD: the entries of an archive, undefined for any other file. */
  readonly openArchive?: ((file: TreeEntry) => Promise<Archive | undefined>) | undefined
  /** Returns the reason why a source is not in its tree, as a hint. */
  readonly explainMissing?: ((path: string) => string | undefined) | undefined
  readonly location: (span: Span) => Location
}

/** The files of a git repository, or a downloaded file. */
export type RemoteContent =
  | { readonly kind: 'tree'; readonly tree: FileTree }
  | { readonly kind: 'file'; readonly entry: TreeEntry }

export interface CopyPlan {
  /** The entries of the layer: sorted, parents first. */
  readonly entries: readonly SourceEntry[]
  /** The paths of entries that are whiteouts by their names: they hide other files instead of being files. */
  readonly whiteoutPaths: readonly string[]
}

/**
 * Plans the changes of COPY and ADD to a target, as BuildKit makes them. Reads only metadata, apart from
 * archives. Errors, at the location of the source, with `COPY_SOURCE_NOT_FOUND`, `COPY_DESTINATION`,
 * `COPY_PATTERN`, `CHMOD_INVALID`, `SYMLINK_LOOP` and the errors of archives and trees.
 */
export async function planCopy(
  op: CopyOp,
  source: FileTree,
  target: FileTree,
  options: CopyPlanOptions,
): Promise<CopyPlan> {
  const copy = createCopy(op, target, options)
  // Inline files come last, wherever they are written.
  const inputs = [...op.sources].sort((a, b) => Number(a.kind === 'inline') - Number(b.kind === 'inline'))
  for (const input of inputs) {
    try {
      await copyInput(copy, input, source)
    } catch (error) {
      throw withLocation(error, options.location(input.span))
    }
  }
  return { entries: stagedChanges(copy.stage, options.timestamp), whiteoutPaths: copy.stage.whiteoutPaths }
}

interface Copy {
  readonly op: CopyOp
  readonly options: CopyPlanOptions
  readonly stage: StagedTree
  readonly mode: ModeChange | undefined
  readonly exclude: PatternMatcher | undefined
  readonly makeParent: () => Inode
}

function createCopy(op: CopyOp, target: FileTree, options: CopyPlanOptions): Copy {
  const mode = op.chmod === undefined ? undefined : parseChmod(op.chmod)
  return {
    op,
    options,
    mode,
    exclude: op.exclude.length > 0 ? withPatternErrors(op.exclude, () => createPatternMatcher(op.exclude)) : undefined,
    stage: new StagedTree(isLinked(op) ? EMPTY_TREE : target),
    makeParent: () => directoryInode(mode?.parents ?? 0o755, options.now, options.owner),
  }
}

async function copyInput(copy: Copy, input: CopyInput, source: FileTree): Promise<void> {
  const { op, options } = copy
  if (input.kind === 'inline') {
    copyInline(copy, input)
    return
  }
  if (input.kind !== 'path') {
    await copyRemote(copy, input)
    return
  }
  const missing = (path: string): TsbuildError =>
    missingSource(source, {
      written: input.path,
      path,
      location: options.location(input.span),
      explain: options.explainMissing,
    })
  const { path, include } = op.parents ? splitParents(input.path) : { path: cleanPath(input.path), include: undefined }
  const matches = await matchSources(source, path).catch((error: unknown) => {
    throw patternError([input.path], error)
  })
  if (!matches) throw missing(path)
  let selected = 0
  for (const match of matches) {
    const found = source.lookup(resolvePath(source, match, { followLast: true }))
    if (!found) throw missing(match)
    const { rootTime } = options
    const isTimeless = rootTime !== undefined && found.path === '' && found.mtime === 0
    const entry = isTimeless ? entryWith(found, { mtime: rootTime }) : found
    const archive = op.unpack ? await openArchive(entry, options) : undefined
    if (archive) unpack(copy, archive)
    else selected += copyEntry(copy, { tree: source, entry, name: baseName(match), include })
  }
  if (include && selected === 0 && !hasWildcard(input.path)) throw missing(cleanPath(input.path))
}

interface CopiedEntry {
  readonly tree: FileTree
  readonly entry: TreeEntry
  /** The name that it gets in a directory. */
  readonly name: string
  readonly include?: PatternMatcher | undefined
}

function copyEntry(copy: Copy, { tree, entry, name, include }: CopiedEntry): number {
  const { op, options, stage, mode, exclude, makeParent } = copy
  const isDirectory = entry.type === 'directory'
  makeDestination(copy, op.destination.endsWith('/') ? op.destination : parentPath(op.destination))
  const destination = resolvePath(stage, cleanPath(op.destination), { followLast: true })
  const existing = stage.find(destination)
  const into = !isDirectory && existing?.inode.type === 'directory'
  const path = into ? joinPath(destination, name) : destination
  if (isDirectory && !existing) stage.makeDirectories(path, makeParent)
  const rules = { owner: options.owner, mode, include, exclude }
  const isRoot = path === ''
  const directory = isRoot ? stage.root : stage.makeDirectories(parentPath(path), makeParent)
  return copyTree(stage, { source: tree, from: entry, directory, name: isRoot ? undefined : baseName(path), rules })
}

function copyInline(copy: Copy, input: CopyInput & { kind: 'inline' }): void {
  const bytes = Buffer.from(input.text)
  const entry: TreeEntry = {
    path: baseName(input.name),
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: copy.options.now,
    size: bytes.length,
    content: { kind: 'bytes', bytes },
  }
  copyEntry(copy, { tree: EMPTY_TREE, entry, name: entry.path })
}

async function copyRemote(copy: Copy, input: RemoteInput): Promise<void> {
  const content = copy.options.remote?.get(input)
  if (!content) throw new Error('bug: a remote source was not fetched')
  if (content.kind === 'tree') {
    const root = content.tree.lookup('')
    if (root) copyEntry(copy, { tree: content.tree, entry: root, name: '' })
    return
  }
  const { entry } = content
  const archive = input.kind === 'url' && input.unpack ? await openArchive(entry, copy.options) : undefined
  if (archive) unpack(copy, archive)
  else copyEntry(copy, { tree: EMPTY_TREE, entry, name: entry.path })
}

function unpack(copy: Copy, archive: Archive): void {
  const { op, options, stage } = copy
  // --chmod changes nothing that an archive brings, nor the directories above.
  const directory = makeDestination(copy, op.destination, () => directoryInode(0o755, options.now, options.owner))
  unpackArchive(stage, archive.entries, directory, { owner: options.owner, now: options.now })
}

/** Makes a directory of the destination, following symlinks, and returns its path. */
function makeDestination({ stage, makeParent }: Copy, path: string, make: () => Inode = makeParent): string {
  const resolved = resolvePath(stage, cleanPath(path), { followLast: true })
  stage.makeDirectories(resolved, make)
  return resolved
}

async function openArchive(entry: TreeEntry, { openArchive }: CopyPlanOptions): Promise<Archive | undefined> {
  if (entry.type !== 'file' || entry.size === 0 || !entry.content) return undefined
  return openArchive?.(entry)
}
