// Finds programs of the system.
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/**
 * The absolute path of a program; undefined if there is none. Searches PATH, then the directories of administrators'
 * programs, which plain users often lack in PATH.
 */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin', '/bin']
  return directories
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, name))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
