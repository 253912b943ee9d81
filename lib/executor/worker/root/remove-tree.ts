import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { hasErrno } from '../../../base/errno.ts'

/**
 * Removes a directory with everything in it, if it exists. Commands can make paths that are too long for the system
 * calls of Node.js.
 */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch (error) {
    if (!hasErrno(error, 'ENAMETOOLONG')) throw error
    execFileSync('rm', ['-rf', '--', path], { stdio: ['ignore', 'ignore', 'pipe'] })
  }
}
