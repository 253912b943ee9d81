// Where a mount of a step goes. Images and Dockerfiles choose the paths, and back-ends that mount from outside of the root follow links.
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs'
import { TsbuildError } from '../../../base/errors.ts'
import { toFsPath } from '../../../layers/paths/path-bytes.ts'
import { DEVICE_LINKS } from '../../../sandbox/dev/device-nodes.ts'
import type { SandboxMount } from '../../../sandbox/types.ts'
import { resolveInRoot } from '../root/resolve-in-root.ts'
import type { MountStubs } from './mount-points.ts'

type Kind = 'directory' | 'file'

/**
 * The target as a back-end takes it, with something of the kind to mount at, in the root or in the mount that it is within. Below /dev, and
 * within a tmpfs, the back-end makes that. Errors with MOUNT_INVALID for a path that leads to where links are not the root's: through
 * a link of another mount, into /proc or /sys.
 */
export function mountTarget(
  target: string,
  kind: Kind,
  earlier: readonly SandboxMount[],
  root: string,
  stubs: MountStubs,
): string {
  const inside = withinMount(target, kind, earlier) ?? withinSystem(target)
  if (inside !== undefined) return inside
  const resolved = `/${resolveInRoot(root, target)}`
  return withinMount(resolved, kind, earlier) ?? withinSystem(resolved) ?? stubs.ensure(target, kind)
}

function withinMount(target: string, kind: Kind, earlier: readonly SandboxMount[]): string | undefined {
  const outer = earlier.findLast((mount) => target.startsWith(`${mount.target}/`))
  if (!outer) return undefined
  // A tmpfs is empty when the step starts.
  if (outer.kind === 'bind') ensureBelow(outer, target, kind)
  return target
}

/** Cache mounts keep what commands made in them: no link there is to be followed here. */
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

/** Links of the kernel's own lead to the root of whoever follows them, such as /proc/self/root. */
function withinSystem(target: string): string | undefined {
  const [, system, name] = /^\/(dev|proc|sys)\/([^/]+)/.exec(target) ?? []
  if (system === undefined) return undefined
  if (system === 'dev' && !DEVICE_LINKS.some(([link]) => link === name)) return target
  throw new TsbuildError('MOUNT_INVALID', `nothing can be mounted at ${JSON.stringify(target)}`, {
    hint: '/proc and /sys, and the links in /dev, are what the sandbox makes them',
  })
}
