import { execFileSync } from 'node:child_process'

/** Which of these programs is not installed, for people; undefined if all are. */
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
