// Programs of the system by their place.
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../errors.ts'

/** The absolute path of a program in PATH or where administrators' programs are; undefined if there is none. */
export function findTool(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin', '/bin']
  return directories
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, name))
    .find(isExecutable)
}

/** The absolute paths of programs by name. Throws SANDBOX_FAILED that names those that are missing. */
export function findTools<const Name extends string>(names: readonly Name[]): Readonly<Record<Name, string>> {
  const found = names.map((name) => [name, findTool(name)] as const)
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name)
  if (missing.length > 0) throw new TsbuildError('SANDBOX_FAILED', `no such program in PATH: ${missing.join(', ')}`)
  return Object.fromEntries(found) as Record<Name, string>
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
