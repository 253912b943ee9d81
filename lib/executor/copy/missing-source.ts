import { TsbuildError } from '../../base/errors.ts'
import { baseName, cleanPath, parentPath } from '../../base/paths.ts'
import type { Location } from '../../base/source.ts'
import { suggest } from '../../base/suggest.ts'
import type { FileTree } from '../../layers/file-tree.ts'
import { resolvePath } from '../../layers/paths/resolve-path.ts'
import { quote } from './staged-tree.ts'

/** A COPY source that is not in its tree. */
export interface MissingSource {
  /** As written. */
  readonly written: string
  /** The path that was looked for: that of the source, or of a match of its pattern. */
  readonly path: string
  readonly location: Location
  /** Returns the reason why a path is not in its tree. */
  readonly explain: ((path: string) => string | undefined) | undefined
}

/** The error for a COPY source that does not exist, with the likeliest reason. */
export function missingSource(tree: FileTree, { written, path, location, explain }: MissingSource): TsbuildError {
  const missing = firstMissing(tree, path)
  const hint =
    explain?.(path) ??
    explain?.(missing) ??
    badLink(tree, missing, explain) ??
    outside(written) ??
    emptyPivot(written) ??
    notDirectory(tree, parentPath(missing)) ??
    emptyTree(tree) ??
    similarName(tree, missing, path)
  return new TsbuildError('COPY_SOURCE_NOT_FOUND', `${quote(path)}: not found`, { location, hint })
}

/** The beginning of a path up to its first component that does not exist, links followed. */
function firstMissing(tree: FileTree, path: string): string {
  let missing = path
  while (missing.includes('/') && !tree.lookup(resolvePath(tree, parentPath(missing), { followLast: true }))) {
    missing = parentPath(missing)
  }
  return missing
}

/** A link whose target is not in the tree, perhaps since the ignore file excludes the target. */
function badLink(tree: FileTree, path: string, explain: MissingSource['explain']): string | undefined {
  const entry = tree.lookup(resolvePath(tree, path, { followLast: false }))
  if (entry?.type !== 'symlink') return undefined
  const link = `${quote(path)} is a symlink to ${JSON.stringify(entry.linkname)}`
  const reason = explain?.(resolvePath(tree, path, { followLast: true }))
  return reason === undefined ? `${link}, which does not exist` : `${link}: ${reason}`
}

/** As in Docker, `..` stops at the root of the context. */
function outside(written: string): string | undefined {
  if (!/^(?:\.?\/)*\.\.(?:\/|$)/.test(written)) return undefined
  const path = quote(cleanPath(written))
  return `a source cannot be outside of the build context: ${JSON.stringify(written)} means ${path} in it`
}

/** `--parents` keeps what follows `/./`. Without `--parents` such a path is that of the directory, which is there. */
function emptyPivot(written: string): string | undefined {
  return written.endsWith('/./') ? `nothing follows "/./": write ${JSON.stringify(`${written}*`)}` : undefined
}

function notDirectory(tree: FileTree, parent: string): string | undefined {
  const entry = tree.lookup(resolvePath(tree, parent, { followLast: true }))
  return entry && entry.type !== 'directory' ? `${quote(parent)} is a file, not a directory` : undefined
}

function emptyTree(tree: FileTree): string | undefined {
  return tree.list('').length === 0 ? 'it would be copied from a directory without any files' : undefined
}

/** Looks for a similar name in the directory in which the first missing component would be. */
function similarName(tree: FileTree, missing: string, path: string): string | undefined {
  const directory = resolvePath(tree, parentPath(missing), { followLast: true })
  const names = tree.list(directory).map((entry) => baseName(entry.path))
  const near = suggest(baseName(missing), names)
  if (near === undefined || near === baseName(missing)) return undefined
  const better = [parentPath(missing), near].filter((part) => part !== '').join('/')
  return `did you mean ${quote(`${better}${path.slice(missing.length)}`)}?`
}
