// Tests that need a program from outside say so here: without it they are skipped, with the reason printed, but in CI they fail.
import { spawnSync } from 'node:child_process'

/** True if the program can be started. Without it: false, after saying so; an error where `CI` is `true`. For `test.skipIf(!requires('x'))`. */
export function requires(program: string): boolean {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' })
  if (!error) return true
  const reason = `${program} is not installed`
  if (process.env['CI'] === 'true') throw new Error(`${reason}, and CI=true allows no skipped tests`)
  console.warn(`skipped: ${reason}`)
  return false
}
