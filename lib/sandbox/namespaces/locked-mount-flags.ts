// Flags of a mount that a user namespace may not take away again.
import { readFileSync, realpathSync } from 'node:fs'

/**
 * The flags (`nosuid`, `nodev`, `noexec`, `ro`, `noatime`, …) of the mount that a path of this process's namespace is on. Whoever
 * bind-mounts from it in a user namespace and changes flags has to repeat them, or is refused with EPERM; see mount_namespaces(7).
 */
export function mountFlagsOf(path: string): readonly string[] {
  return flagsIn(readFileSync('/proc/self/mountinfo', 'utf8'), realpathSync(path))
}

/** The same for a path without symlinks, among the mounts of a mountinfo file. */
export function flagsIn(mountinfo: string, real: string): readonly string[] {
  let best: { point: string; flags: readonly string[] } | undefined
  for (const line of mountinfo.split('\n')) {
    const fields = line.split(' ')
    const point = unescapeOctal(fields[4] ?? '')
    const covers = real === point || real.startsWith(point.endsWith('/') ? point : `${point}/`)
    // Later lines are mounted over earlier ones of the same place.
    if (point !== '' && covers && point.length >= (best?.point.length ?? 0)) {
      best = { point, flags: (fields[5] ?? '').split(',').filter((flag) => LOCKED.has(flag)) }
    }
  }
  return best?.flags ?? []
}

const LOCKED: ReadonlySet<string> = new Set(['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime'])

/** Spaces and the like are `\040` in mountinfo; see proc(5). */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
