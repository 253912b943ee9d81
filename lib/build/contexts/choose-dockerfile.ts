import type { SourceFile } from '../../base/source.ts'
import { findTreeDockerfile } from '../../context/find-tree-dockerfile.ts'
import type { FileTree } from '../../layers/file-tree.ts'
import type { BuildOptions } from '../build-options.ts'

/** The Dockerfile of a context that was downloaded or streamed: the given text, or a file in the tree. */
export function chooseDockerfile(tree: FileTree, dockerfile: BuildOptions['dockerfile']): SourceFile {
  if (typeof dockerfile === 'object') return { name: dockerfile.name ?? 'Dockerfile', text: dockerfile.text }
  return findTreeDockerfile(tree, dockerfile)
}
