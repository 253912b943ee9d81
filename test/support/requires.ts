// Tests that need an external program declare it here. Without the program they are skipped with a message, but
// in CI they fail.
import { spawnSync } from 'node:child_process'

/**
 * True if the program can be started; else false, with a message, or an error if `CI` is `true`. For
 * `test.skipIf(!requires('x'))`.
 */
export function requires(program: string): boolean {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' })
  if (!error) return true
  const reason = `${program} is not installed`
  if (process.env['CI'] === 'true') throw new Error(`${reason}, and CI=true allows no skipped tests`)
  console.warn(`skipped: ${reason}`)
  return false
}
