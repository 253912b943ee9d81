// Resolves the target of a mount. Images and Dockerfiles choose the paths, and a back-end that mounts from outside
// the root follows symlinks.
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs'
import { TsbuildError } from '../../../base/errors.ts'
import { toFsPath } from '../../../layers/paths/path-bytes.ts'
import { DEVICE_LINKS, DEVICE_NODES } from '../../../sandbox/dev/device-nodes.ts'
import type { SandboxMount } from '../../../sandbox/types.ts'
import { resolveInRoot } from '../root/resolve-in-root.ts'
import type { MountPoints } from './mount-points.ts'

type Kind = 'directory' | 'file'

export interface MountTarget {
  /** Absolute, symlinks not resolved. */
  readonly target: string
  readonly kind: Kind
}

export interface MountTargetOptions {
  /** The mounts that are mounted before this one. */
  readonly earlier: readonly SandboxMount[]
  /** Directory of the root filesystem. */
  readonly root: string
  readonly points: MountPoints
}

/**
 * The resolved target, for a back-end. It exists in the root or in the earlier mount that contains it; below /dev and
 * within a tmpfs the back-end makes it. Errors with `MOUNT_INVALID` for a path through a symlink of another mount,
 * and for one in /proc or /sys: their symlinks don't stay in the root.
 */
export function resolveMountTarget(
  { target, kind }: MountTarget,
  { earlier, root, points }: MountTargetOptions,
): string {
  const inside = withinMount(target, kind, earlier) ?? withinSystem(target, kind)
  if (inside !== undefined) return inside
  const resolved = `/${resolveInRoot(root, target)}`
  return withinMount(resolved, kind, earlier) ?? withinSystem(resolved, kind) ?? points.ensure(target, kind)
}

function withinMount(target: string, kind: Kind, earlier: readonly SandboxMount[]): string | undefined {
  const outer = earlier.findLast((mount) => target.startsWith(`${mount.target}/`))
  if (!outer) return undefined
  // A tmpfs is empty when the step starts, so only a bind mount can have symlinks.
  if (outer.kind === 'bind') ensureBelow(outer, target, kind)
  return target
}

/**
 * Makes a mount point in an outer mount. Commands can leave symlinks in a cache mount, and none of them may be
 * followed here.
 */
function ensureBelow(outer: Extract<SandboxMount, { kind: 'bind' }>, target: string, kind: Kind): void {
  const names = target.slice(outer.target.length + 1).split('/')
  let path = outer.source
  for (const [at, name] of names.entries()) {
    path = `${path}/${name}`
    const isLast = at === names.length - 1
    const file = toFsPath(path)
    const stat = lstatSync(file, { throwIfNoEntry: false })
    if (stat?.isSymbolicLink()) throw linkInTheWay(target, outer.target)
    if (stat) continue
    if (outer.readonly) {
      const why = `${JSON.stringify(target)} is not there in the read-only mount ${JSON.stringify(outer.target)}`
      throw new TsbuildError('MOUNT_INVALID', why)
    }
    if (isLast && kind === 'file') writeFileSync(file, '', { flag: 'wx' })
    else mkdirSync(file)
  }
}

function linkInTheWay(target: string, outer: string): TsbuildError {
  const why = `a symbolic link in ${JSON.stringify(outer)} is in the way of the mount at ${JSON.stringify(target)}`
  return new TsbuildError('MOUNT_INVALID', why, { hint: 'mount at the path that the link leads to' })
}

/**
 * Refuses targets behind symlinks of the kernel, such as /proc/self/root: they lead to the root of the process that
 * follows them; and a directory in place of a device.
 */
function withinSystem(target: string, kind: Kind): string | undefined {
  const [, system, name] = /^\/(dev|proc|sys)\/([^/]+)/.exec(target) ?? []
  if (system === undefined) return undefined
  if (kind === 'directory' && DEVICE_NODES.some((device) => target === `/dev/${device.name}`)) {
    throw new TsbuildError('MOUNT_INVALID', `a directory can't be mounted at the device ${JSON.stringify(target)}`)
  }
  if (system === 'dev' && !DEVICE_LINKS.some(([link]) => link === name)) return target
  throw new TsbuildError('MOUNT_INVALID', `nothing can be mounted at ${JSON.stringify(target)}`, {
    hint: 'the sandbox provides /proc, /sys and the links in /dev; choose another target',
  })
}
