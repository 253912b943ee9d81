// A tree as files on the host, for `-o type=local`.
import fs from 'node:fs'
import { isSystemError } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import type { FileTree } from '../file-tree.ts'
import { treeEntries } from '../union/tree-entries.ts'
import { type UnpackedTree, type UnpackOptions, type UnpackPolicy, unpackEntries } from './unpacker.ts'

const POLICY: UnpackPolicy = {
  owners: false,
  empty: false,
  leastMode: () => 0,
  virtualDevices: false,
  capabilities: false,
}

/**
 * Writes a tree's files into a directory on the host, which is made if it is missing. Files in the directory
 * stay unless they are in the way. Never follows a symlink below the directory, neither the tree's nor one that
 * was there. Modes and times are those of the entries; everything belongs to the caller, as with Docker. Errors
 * with `OUTPUT_IO`, with `OUTPUT_INVALID` for names that the host can't have, and with `BLOB_NOT_FOUND`,
 * `LAYER_INVALID`, `CONTEXT_CHANGED` or `CONTEXT_INVALID` if content can't be read. Files written before an
 * error stay.
 */
export async function unpackTree(
  tree: FileTree,
  directory: string,
  options: UnpackOptions = {},
): Promise<UnpackedTree> {
  return reportingErrors('OUTPUT_IO', directory, () => {
    fs.mkdirSync(directory, { recursive: true })
    return unpackEntries(treeEntries(tree), directory, POLICY, options)
  })
}

/** Turns errors of the system, while a directory is written, into errors with a code. */
export async function reportingErrors<T>(
  code: 'OUTPUT_IO' | 'STORE_IO',
  directory: string,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw isSystemError(error)
      ? new TsbuildError(code, `cannot write to ${JSON.stringify(directory)}: ${error.message}`, { cause: error })
      : error
  }
}
