import type { FileTree } from '../../layers/file-tree.ts'
import type { MainContext } from './main-context.ts'

/** A main context that was downloaded. */
export interface DownloadedContext {
  readonly tree: FileTree
  /** The path of the only file, if the context is a single file. */
  readonly only?: string
  readonly time: MainContext['time']
}
