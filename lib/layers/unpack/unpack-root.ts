import { leastMode } from '../disk/least-mode.ts'
import type { EntryType, SourceEntry } from '../entry.ts'
import type { FileTree } from '../file-tree.ts'
import { treeEntries } from '../union/tree-entries.ts'
import { reportingErrors } from './unpack-tree.ts'
import { type UnpackedTree, type UnpackOptions, type UnpackPolicy, unpackEntries } from './unpacker.ts'

export interface UnpackRootOptions extends UnpackOptions {
  /** Whether files get their owners: for root, or in a user namespace with many ids. */
  readonly owners: boolean
  /**
   * Whether files get their modes, since the caller is root of their owners and reads them whatever their modes are.
   * Default: `owners`.
   */
  readonly exactModes?: boolean | undefined
  /** Whether a device becomes an empty file, which a command is shown as a device. */
  readonly virtualDevices?: boolean | undefined
}

/** The policy for files that commands work on. */
export function rootPolicy({ owners, exactModes = owners, virtualDevices = false }: UnpackRootOptions): UnpackPolicy {
  const least = (type: EntryType): number => (exactModes ? 0 : leastMode(type))
  return { owners, empty: true, leastMode: least, virtualDevices, capabilities: true }
}

/** {@link leastMode} of directories, the root among them. */
export function rootDirectoryMode(exactModes: boolean): number {
  return exactModes ? 0 : leastMode('directory')
}

/**
 * Writes a tree, the mode and owner of its root included, into an empty directory: a root filesystem to run
 * commands in. With owners, everything is as in the tree, set-id bits and file capabilities too, apart from
 * losses. Without owners, everything belongs to the caller. Without exact modes, directories are at least `u+rwx`, and
 * files at least `u+r`. Follows no symlink. Errors with `STORE_IO`, and as `unpackTree` does if content can't be read.
 * Files written before an error stay.
 */
export async function unpackRoot(tree: FileTree, directory: string, options: UnpackRootOptions): Promise<UnpackedTree> {
  const entries = rootEntries(tree)
  return reportingErrors('STORE_IO', directory, () => unpackEntries(entries, directory, rootPolicy(options), options))
}

function* rootEntries(tree: FileTree): Generator<SourceEntry> {
  const root = tree.lookup('')
  if (root) yield root
  yield* treeEntries(tree)
}
