import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'

/** Removes a directory with all that is in it; nothing if it isn't there. Commands can make paths that are longer than Node.js can name. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENAMETOOLONG')) throw error
    execFileSync('rm', ['-rf', '--', path], { stdio: ['ignore', 'ignore', 'pipe'] })
  }
}
