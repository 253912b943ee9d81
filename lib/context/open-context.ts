import path from 'node:path'
import { TsbuildError } from '../errors.ts'
import type { FileTree } from '../layers/file-tree.ts'
import type { SourceFile } from '../source.ts'
import { openDirectory } from './directory-tree.ts'
import { filterTree } from './filter-tree.ts'
import { type DockerfileSource, findDockerfile, readMemory, readTextFile } from './find-dockerfile.ts'
import { createIgnoreMatcher, type IgnoreMatcher } from './ignore/ignore-matcher.ts'
import type { ContextSource } from './memory-file.ts'
import { openMemory } from './memory-tree.ts'

/** A build context without what its ignore file hides. */
export interface BuildContext {
  readonly tree: FileTree
  /** The directory, undefined for files in memory. */
  readonly root: string | undefined
  readonly ignore: IgnoreMatcher | undefined
  /** Says why a path that is in the context is not in the tree: the line of the ignore file that hides it. */
  readonly explainMissing: (path: string) => string | undefined
}

/**
 * Opens the main build context and reads its Dockerfile. `NAME.dockerignore` beside the Dockerfile, even an empty one, goes before
 * the context's `.dockerignore`; both files and the Dockerfile may be hidden by them and are read all the same. Errors with
 * `DOCKERFILE_NOT_FOUND`, `CONTEXT_NOT_FOUND`, `CONTEXT_INVALID`, `IGNORE_PATTERN`, and `UNSUPPORTED` for remote contexts.
 */
export function openContext(
  source: ContextSource,
  dockerfile?: DockerfileSource,
): BuildContext & { readonly dockerfile: SourceFile } {
  const tree = openTree(source)
  const found = findDockerfile(source, dockerfile)
  const context = withIgnore(source, tree, found.sibling('.dockerignore') ?? readIgnoreFile(source))
  return { ...context, dockerfile: found.file }
}

/** Opens a named context: its own `.dockerignore` counts. Errors as {@link openContext}, but for the Dockerfile's. */
export function openNamedContext(source: ContextSource): BuildContext {
  return withIgnore(source, openTree(source), readIgnoreFile(source))
}

function openTree(source: ContextSource): FileTree {
  if (typeof source !== 'string') return openMemory(source)
  const remote = remoteKind(source)
  if (remote === undefined) return openDirectory(path.resolve(source))
  throw new TsbuildError(
    'UNSUPPORTED',
    `${remote} as a build context is not supported yet: ${JSON.stringify(source)}`,
    {
      hint: 'unpack or check it out first, and give the directory',
    },
  )
}

function remoteKind(source: string): string | undefined {
  if (source === '-') return 'standard input'
  if (/^(git|ssh):\/\/|^git@|^https?:\/\/.*\.git(#|$)/.test(source)) return 'a git repository'
  if (/^https?:\/\//.test(source)) return 'a URL'
  return undefined
}

function withIgnore(source: ContextSource, tree: FileTree, file: SourceFile | undefined): BuildContext {
  const root = typeof source === 'string' ? path.resolve(source) : undefined
  if (!file) return { tree, root, ignore: undefined, explainMissing: () => undefined }
  const ignore = createIgnoreMatcher(file)
  const explainMissing = (name: string): string | undefined => {
    const reason = tree.lookup(name) && ignore.explain(name)
    return reason && `it is there, but line ${reason.line} of ${reason.file} excludes it: ${reason.pattern}`
  }
  return { tree: filterTree(tree, ignore), root, ignore, explainMissing }
}

function readIgnoreFile(source: ContextSource): SourceFile | undefined {
  return typeof source === 'string'
    ? readTextFile(path.join(source, '.dockerignore'), 'CONTEXT_INVALID')
    : readMemory(source, '.dockerignore')
}
