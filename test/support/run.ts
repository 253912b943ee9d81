import { execFileSync } from 'node:child_process'

/** Runs a program to its end and gives its standard output; throws with what it printed if it fails. */
export function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 << 20 })
}
