// Control groups for crun on machines that have both versions of them.
import { readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import type { Mounter } from './mounter.ts'

/** From the kernel's linux/magic.h. */
const CGROUP = 0x27e0eb
const CGROUP2 = 0x63677270

/** What steps are kept from devices with, and limited by. */
const NEEDED = ['devices', 'memory', 'cpu', 'cpuset']

/**
 * Where `hierarchies` has control groups of version 1, and version 2 beside them with some controller, crun refuses to run anything. If the
 * ones that steps need are all of version 1, this takes the others out of sight of this process's mount namespace, which must be its own:
 * then crun uses version 1. Changes nothing elsewhere, and never rejects.
 */
export async function hideCgroupV2(mounter: Mounter, hierarchies = '/sys/fs/cgroup'): Promise<void> {
  const newer = join(hierarchies, 'unified')
  if (typeOf(newer) !== CGROUP2 || !hasControllers(newer)) return
  if (!NEEDED.every((name) => typeOf(join(hierarchies, name)) === CGROUP)) return
  // Where it can't be done crun's trial says why that doesn't work.
  await mounter.tmpfs(newer).catch(() => undefined)
}

/** The filesystem's number; undefined where nothing is. */
function typeOf(path: string): number | undefined {
  try {
    return statfsSync(path).type
  } catch {
    return undefined
  }
}

function hasControllers(directory: string): boolean {
  try {
    return readFileSync(join(directory, 'cgroup.controllers'), 'utf8').trim() !== ''
  } catch {
    return false
  }
}
