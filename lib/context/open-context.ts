import path from 'node:path'
import type { SourceFile } from '../base/source.ts'
import type { FileTree } from '../layers/file-tree.ts'
import type { NamedContext } from './context-source.ts'
import { type DirectoryTree, openDirectory } from './directory-tree.ts'
import { filterTree } from './filter-tree.ts'
import { type DockerfileSource, findDockerfile, readMemory, readTextFile } from './find-dockerfile.ts'
import { createIgnoreMatcher, type IgnoreMatcher } from './ignore/ignore-matcher.ts'
import { openMemory } from './memory-tree.ts'

/** A build context without what its ignore file hides. */
export interface BuildContext {
  readonly tree: FileTree
  /** Undefined for files in memory. */
  readonly disk: ContextOnDisk | undefined
  readonly ignore: IgnoreMatcher | undefined
  /** Says why a path that is in the context is not in the tree: the line of the ignore file that hides it. */
  readonly explainMissing: (path: string) => string | undefined
}

/** The directory behind a context. */
export interface ContextOnDisk extends Pick<DirectoryTree, 'seen' | 'isAs'> {
  readonly root: string
  /** The text of the ignore file that is in force. */
  readonly ignoring: string
}

/**
 * Opens a build context that is a directory or in memory, and reads its Dockerfile. `NAME.dockerignore` beside the Dockerfile, even an empty one, goes before
 * the context's `.dockerignore`; both files and the Dockerfile may be hidden by them and are read all the same. Errors with
 * `DOCKERFILE_NOT_FOUND`, `CONTEXT_NOT_FOUND`, `CONTEXT_INVALID` and `IGNORE_PATTERN`.
 */
export function openContext(
  source: NamedContext,
  dockerfile?: DockerfileSource,
): BuildContext & { readonly dockerfile: SourceFile } {
  const tree = openTree(source)
  const found = findDockerfile(source, dockerfile)
  const context = withIgnore(source, tree, found.sibling('.dockerignore') ?? readIgnoreFile(source))
  return { ...context, dockerfile: found.file }
}

/** Opens a named context: its own `.dockerignore` counts. Errors as {@link openContext}, but for the Dockerfile's. */
export function openNamedContext(source: NamedContext): BuildContext {
  return withIgnore(source, openTree(source), readIgnoreFile(source))
}

function openTree(source: NamedContext): FileTree | DirectoryTree {
  return typeof source === 'string' ? openDirectory(path.resolve(source)) : openMemory(source)
}

function withIgnore(source: NamedContext, tree: FileTree | DirectoryTree, file: SourceFile | undefined): BuildContext {
  const disk =
    typeof source === 'string' && 'seen' in tree
      ? { root: path.resolve(source), ignoring: file?.text ?? '', seen: tree.seen, isAs: tree.isAs }
      : undefined
  if (!file) return { tree, disk, ignore: undefined, explainMissing: () => undefined }
  const ignore = createIgnoreMatcher(file)
  const explainMissing = (name: string): string | undefined => {
    const reason = tree.lookup(name) && ignore.explain(name)
    return reason && `it is there, but line ${reason.line} of ${reason.file} excludes it: ${reason.pattern}`
  }
  return { tree: filterTree(tree, ignore), disk, ignore, explainMissing }
}

function readIgnoreFile(source: NamedContext): SourceFile | undefined {
  return typeof source === 'string'
    ? readTextFile(path.join(source, '.dockerignore'), 'CONTEXT_INVALID')
    : readMemory(source, '.dockerignore')
}
