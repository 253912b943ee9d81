// Finds the Dockerfile in the tree of a context that was downloaded or streamed.
import { TsbuildError } from '../base/errors.ts'
import { baseName, cleanPath, parentPath } from '../base/paths.ts'
import type { SourceFile } from '../base/source.ts'
import { suggest } from '../base/suggest.ts'
import type { FileTree } from '../layers/file-tree.ts'
import { resolvePath } from '../layers/paths/resolve-path.ts'
import { DOCKERFILE_NAMES } from './find-dockerfile.ts'
import { readTreeText } from './read-text.ts'

/**
 * Reads `path`, or `Dockerfile` or `dockerfile` by default. Symlinks are followed inside the tree. Errors with
 * `DOCKERFILE_NOT_FOUND`.
 */
export function findTreeDockerfile(tree: FileTree, path: string | undefined): SourceFile {
  const names = path === undefined ? DOCKERFILE_NAMES : [cleanPath(path), lowerCase(cleanPath(path))]
  for (const name of names) {
    const file = readTreeText(tree, name, 'DOCKERFILE_NOT_FOUND')
    if (file) return file
  }
  const wanted = path ?? DOCKERFILE_NAMES[0] ?? ''
  const directory = resolvePath(tree, parentPath(cleanPath(wanted)), { followLast: true })
  const near = suggest(
    baseName(wanted),
    tree.list(directory).map((entry) => baseName(entry.path)),
  )
  throw new TsbuildError('DOCKERFILE_NOT_FOUND', `there is no ${JSON.stringify(wanted)} in the build context`, {
    hint: near === undefined ? 'name it with -f PATH' : `did you mean ${JSON.stringify(near)}? Name it with -f PATH`,
  })
}

/** BuildKit also accepts `dockerfile` for a file that is named `Dockerfile`. */
function lowerCase(path: string): string {
  return baseName(path) === 'Dockerfile' ? `${path.slice(0, -'Dockerfile'.length)}dockerfile` : path
}
