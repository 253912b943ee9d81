// Finds the Dockerfile in the tree of a context that was downloaded or streamed.
import { TsbuildError } from '../base/errors.ts'
import { baseName, cleanPath, parentPath } from '../base/paths.ts'
import type { SourceFile } from '../base/source.ts'
import { suggest } from '../base/suggest.ts'
import type { FileTree } from '../layers/file-tree.ts'
import { resolvePath } from '../layers/paths/resolve-path.ts'
import { readContent } from '../layers/read-content.ts'
import { DOCKERFILE_LIMIT, DOCKERFILE_NAMES } from './find-dockerfile.ts'

/**
 * Reads `path`, or `Dockerfile` or `dockerfile` by default. Symlinks are followed inside the tree. Errors with
 * `DOCKERFILE_NOT_FOUND`.
 */
export function findTreeDockerfile(tree: FileTree, path: string | undefined): SourceFile {
  const names = path === undefined ? DOCKERFILE_NAMES : [cleanPath(path), lowerCase(cleanPath(path))]
  for (const name of names) {
    const file = readTreeText(tree, name)
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

/**
 * Reads a text file of a tree; undefined if it does not exist. Errors with `DOCKERFILE_NOT_FOUND` if it cannot
 * be a Dockerfile.
 */
export function readTreeText(tree: FileTree, path: string): SourceFile | undefined {
  const entry = tree.lookup(resolvePath(tree, path, { followLast: true }))
  if (!entry) return undefined
  const refuse = (problem: string): TsbuildError =>
    new TsbuildError('DOCKERFILE_NOT_FOUND', `cannot read ${JSON.stringify(path)} in the build context: ${problem}`)
  if (entry.type !== 'file') throw refuse(entry.type === 'directory' ? 'it is a directory' : 'it is not a regular file')
  if (entry.size > DOCKERFILE_LIMIT) throw refuse(`it has ${entry.size} bytes, more than ${DOCKERFILE_LIMIT}`)
  return { name: path, text: Buffer.from(readContent(entry, DOCKERFILE_LIMIT)).toString('utf8') }
}

/** BuildKit also accepts `dockerfile` for a file that is named `Dockerfile`. */
function lowerCase(path: string): string {
  return baseName(path) === 'Dockerfile' ? `${path.slice(0, -'Dockerfile'.length)}dockerfile` : path
}
