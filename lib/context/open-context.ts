import path from 'node:path'
import type { SourceFile } from '../base/source.ts'
import type { FileTree } from '../layers/file-tree.ts'
import type { ContextFiles } from './context-source.ts'
import { type DirectoryTree, openDirectory } from './directory-tree.ts'
import { filterTree } from './filter-tree.ts'
import { type DockerfileSource, findDockerfile } from './find-dockerfile.ts'
import { type FoundIgnoreFile, findIgnoreFile } from './find-ignore-file.ts'
import { createIgnoreMatcher, type IgnoreMatcher } from './ignore/ignore-matcher.ts'
import { openMemory } from './memory-tree.ts'

/** A build context without the files that its ignore file excludes. */
export interface BuildContext {
  readonly tree: FileTree
  /** Undefined for files in memory. */
  readonly disk: ContextOnDisk | undefined
  readonly ignore: IgnoreMatcher | undefined
  /** Something about the context that the user should know; undefined for most. */
  readonly warning: string | undefined
  /** Explains, for a message, which line of the ignore file excludes a path; undefined if none does. */
  readonly explainMissing: (path: string) => string | undefined
}

/** The directory that a context was opened from. */
export interface ContextOnDisk extends Pick<DirectoryTree, 'snapshot' | 'matches'> {
  readonly root: string
  /** The text of the ignore file that applies; empty if there is none. */
  readonly ignoreFileText: string
}

/**
 * Opens a build context that is a directory or in memory, and reads its Dockerfile and its ignore file. Both
 * are read even if the ignore file excludes them. Errors with `DOCKERFILE_NOT_FOUND`, `CONTEXT_NOT_FOUND`,
 * `CONTEXT_INVALID` and `IGNORE_PATTERN`.
 */
export function openContext(
  source: ContextFiles,
  dockerfile?: DockerfileSource,
): BuildContext & { readonly dockerfile: SourceFile } {
  const tree = openTree(source)
  const found = findDockerfile(source, tree, dockerfile)
  const context = withIgnore(source, tree, findIgnoreFile(source, tree, found))
  return { ...context, dockerfile: found.file }
}

/**
 * Opens a named context, to which its own `.dockerignore` applies. Errors as {@link openContext} does, except
 * for Dockerfiles.
 */
export function openNamedContext(source: ContextFiles): BuildContext {
  const tree = openTree(source)
  return withIgnore(source, tree, findIgnoreFile(source, tree))
}

function openTree(source: ContextFiles): FileTree | DirectoryTree {
  return typeof source === 'string' ? openDirectory(path.resolve(source)) : openMemory(source)
}

function withIgnore(
  source: ContextFiles,
  tree: FileTree | DirectoryTree,
  { file, warning }: FoundIgnoreFile,
): BuildContext {
  const disk =
    typeof source === 'string' && 'snapshot' in tree
      ? { root: path.resolve(source), ignoreFileText: file?.text ?? '', snapshot: tree.snapshot, matches: tree.matches }
      : undefined
  if (!file) return { tree, disk, ignore: undefined, warning, explainMissing: () => undefined }
  const ignore = createIgnoreMatcher(file)
  const explainMissing = (name: string): string | undefined => {
    const reason = tree.lookup(name) && ignore.explain(name)
    return reason && `it is there, but line ${reason.line} of ${reason.file} excludes it: ${reason.pattern}`
  }
  return { tree: filterTree(tree, ignore), disk, ignore, warning, explainMissing }
}
