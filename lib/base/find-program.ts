// Programs of the system by their place.
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** The absolute path of a program: where PATH says and, as plain users often lack these, where administrators' programs are. Undefined if there is none. */
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
