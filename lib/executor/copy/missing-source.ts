import { TsbuildError } from '../../base/errors.ts'
import { baseName, parentPath } from '../../base/paths.ts'
import type { Location } from '../../base/source.ts'
import { suggest } from '../../base/suggest.ts'
import type { FileTree } from '../../layers/file-tree.ts'
import { resolvePath } from '../../layers/paths/resolve-path.ts'
import { quote } from './staged-tree.ts'

/** The error for a COPY source that does not exist, with the likeliest reason. */
export function missingSource(
  tree: FileTree,
  path: string,
  location: Location,
  explainMissing: ((path: string) => string | undefined) | undefined,
): TsbuildError {
  const hint = explainMissing?.(path) ?? danglingLink(tree, path) ?? similarName(tree, path)
  return new TsbuildError('COPY_SOURCE_NOT_FOUND', `${quote(path)}: not found`, { location, hint })
}

function danglingLink(tree: FileTree, path: string): string | undefined {
  const entry = tree.lookup(resolvePath(tree, path, { followLast: false }))
  if (entry?.type !== 'symlink') return undefined
  return `${quote(path)} is a symlink to ${JSON.stringify(entry.linkname)}, which does not exist`
}

/** Goes up to the first directory that exists, and looks for a name like the missing one in it. */
function similarName(tree: FileTree, path: string): string | undefined {
  let missing = path
  while (missing.includes('/') && !tree.lookup(resolvePath(tree, parentPath(missing), { followLast: true }))) {
    missing = parentPath(missing)
  }
  const directory = resolvePath(tree, parentPath(missing), { followLast: true })
  const names = tree.list(directory).map((entry) => baseName(entry.path))
  const near = suggest(baseName(missing), names)
  if (near === undefined) return undefined
  const better = [parentPath(missing), near].filter((part) => part !== '').join('/')
  return `did you mean ${quote(`${better}${path.slice(missing.length)}`)}?`
}
