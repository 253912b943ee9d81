import { execFileSync } from 'node:child_process'

/** The first of these programs that is not installed, as a message; undefined if all are installed. */
export function missingCommand(...names: readonly string[]): string | undefined {
  for (const name of names) {
    try {
      execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' })
    } catch {
      return `${name} is not installed`
    }
  }
  return undefined
}
