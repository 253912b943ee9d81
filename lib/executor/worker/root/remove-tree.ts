import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { hasErrno } from '../../../base/errno.ts'

/** Removes a directory with all that is in it; nothing if it isn't there. Commands can make paths that are longer than Node.js can name. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch (error) {
    if (!hasErrno(error, 'ENAMETOOLONG')) throw error
    execFileSync('rm', ['-rf', '--', path], { stdio: ['ignore', 'ignore', 'pipe'] })
  }
}
