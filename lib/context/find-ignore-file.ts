import path from 'node:path'
import type { SourceFile } from '../base/source.ts'
import type { NamedContext } from './context-source.ts'
import { type FoundDockerfile, readMemory, readTextFile } from './find-dockerfile.ts'

/**
 * The ignore file of a context: `NAME.dockerignore` beside the Dockerfile, even an empty one, goes before
 * `.dockerignore` in the context. Undefined if there is neither. Errors with `DOCKERFILE_NOT_FOUND` or
 * `CONTEXT_INVALID` for one that cannot be read.
 */
export function findIgnoreFile(source: NamedContext, dockerfile?: FoundDockerfile): SourceFile | undefined {
  const own = dockerfile?.sibling('.dockerignore')
  if (own) return own
  return typeof source === 'string'
    ? readTextFile(path.join(source, '.dockerignore'), 'CONTEXT_INVALID')
    : readMemory(source, '.dockerignore')
}
