import { execFile } from 'node:child_process'
import { findProgram } from '../../base/find-program.ts'
import { findHelper } from './find-helper.ts'

/** A command line that waits until the disk has all that was written to the filesystem of its last argument. */
export type SyncCommand = readonly string[]

/** The native helper, else sync(1). Undefined where there is neither. */
export function findSyncCommand(): SyncCommand | undefined {
  const helper = findHelper()
  if (helper !== undefined) return [helper, 'sync']
  const sync = findProgram('sync')
  return sync === undefined ? undefined : [sync, '-f']
}

/**
 * Resolves to true once everything that was written to a directory's filesystem is on the disk; to false if the
 * disk reports an error, or if the command can't do that. Never rejects.
 */
export function syncFilesystem([file = '', ...args]: SyncCommand, directory: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(file, [...args, directory], { env: {} }, (error) => resolve(error === null))
  })
}
