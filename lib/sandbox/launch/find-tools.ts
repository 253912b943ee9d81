import { TsbuildError } from '../../base/errors.ts'
import { findProgram } from '../../base/find-program.ts'

/** The absolute paths of programs by name. Throws SANDBOX_FAILED with the names of missing programs. */
export function findTools<const Name extends string>(names: readonly Name[]): Readonly<Record<Name, string>> {
  const found = names.map((name) => [name, findProgram(name)] as const)
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name)
  if (missing.length > 0) throw new TsbuildError('SANDBOX_FAILED', `no such program in PATH: ${missing.join(', ')}`)
  return Object.fromEntries(found) as Record<Name, string>
}
