// The flags of mounts that a user namespace cannot clear; see mount_namespaces(7).
import { readFileSync, realpathSync } from 'node:fs'

const LOCKED: ReadonlySet<string> = new Set(['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime'])

export interface Mount {
  readonly point: string
  /**
   * The flags that a bind mount from here has to repeat in a user namespace: without them the kernel refuses with
   * EPERM.
   */
  readonly flags: readonly string[]
}

/** The mounts of this process's namespace, in the order in which they were made. */
export function readMounts(): readonly Mount[] {
  return parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'))
}

/** The mounts of a mountinfo file; see proc(5). */
export function parseMountInfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [, , , , point, flags] = line.split(' ')
    if (point === undefined || flags === undefined) return []
    return [{ point: unescapeOctal(point), flags: flags.split(',').filter((flag) => LOCKED.has(flag)) }]
  })
}

/** The mount that a path without symlinks is on. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let best: Mount | undefined
  for (const mount of mounts) {
    const covers = path === mount.point || path.startsWith(mount.point === '/' ? '/' : `${mount.point}/`)
    // A later mount covers an earlier one at the same point.
    if (covers && mount.point.length >= (best?.point.length ?? 0)) best = mount
  }
  return best
}

/** The locked flags of the mount that a path is on. Throws what realpath(3) fails with. */
export function lockedMountFlags(path: string): readonly string[] {
  return mountOf(realpathSync(path), readMounts())?.flags ?? []
}

/** mountinfo has spaces and the like as octal numbers: `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
