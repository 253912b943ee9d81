import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

const found = new Map<string, string | undefined>()

/** The path of a program of the system, looked for once: where PATH says and, as plain users often lack these, in the `sbin`s. */
export function findProgram(name: string): string | undefined {
  if (!found.has(name)) found.set(name, search(name))
  return found.get(name)
}

function search(name: string): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(':').filter((directory) => directory.startsWith('/'))
  return [...directories, '/usr/sbin', '/sbin'].map((directory) => join(directory, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
