// Programs that tests take from the system.
import { existsSync } from 'node:fs'

/**
 * A statically linked busybox (Debian's busybox-static). Undefined, with a message, if there is none; an error
 * if `CI` is `true`.
 */
export function staticBusybox(): string | undefined {
  const path = '/bin/busybox'
  if (existsSync(path)) return path
  const reason = `${path} (busybox-static) is not installed`
  if (process.env['CI'] === 'true') throw new Error(`${reason}, and CI=true allows no skipped tests`)
  console.warn(`skipped: ${reason}`)
  return undefined
}

/**
 * True for root; else false, with a message about the skipped tests. In CI the tests run as any user, so this
 * is not a failure there.
 */
export function isRoot(what: string): boolean {
  if (process.getuid?.() === 0) return true
  console.warn(`skipped: ${what} needs root`)
  return false
}
