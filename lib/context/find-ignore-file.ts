import type { SourceFile } from '../base/source.ts'
import type { FileTree } from '../layers/file-tree.ts'
import type { ContextFiles } from './context-source.ts'
import type { FoundDockerfile } from './find-dockerfile.ts'
import { danglingLink, describeDangling, readTextInRoot, readTreeText } from './read-text.ts'

const NAME = '.dockerignore'

export interface FoundIgnoreFile {
  readonly file: SourceFile | undefined
  /** Says that there is an ignore file which cannot apply; undefined if that is not so. */
  readonly warning: string | undefined
}

/**
 * The ignore file of a context: `NAME.dockerignore` beside the Dockerfile, even an empty one, goes before
 * `.dockerignore` in the context. Symlinks are followed inside the context only, and as in BuildKit an ignore file
 * that leads out of it hides nothing. `tree` has the files of the context. Errors with `DOCKERFILE_NOT_FOUND` or
 * `CONTEXT_INVALID` for a file that cannot be read.
 */
export function findIgnoreFile(source: ContextFiles, tree: FileTree, dockerfile?: FoundDockerfile): FoundIgnoreFile {
  const onDisk = typeof source === 'string' ? source : undefined
  const read = (): SourceFile | undefined =>
    onDisk === undefined ? readTreeText(tree, NAME, 'CONTEXT_INVALID') : readTextInRoot(onDisk, NAME, 'CONTEXT_INVALID')
  const own = dockerfile?.read(NAME)
  if (own) return { file: own, warning: undefined }
  const file = read()
  const unused = file || onDisk === undefined ? undefined : danglingLink(onDisk, NAME)
  const dangling = dockerfile?.dangling(NAME) ?? unused
  return { file, warning: dangling && `${describeDangling(dangling)}: it hides nothing` }
}
