// Hides cgroup v2 from crun on machines where both versions of control groups are mounted.
import { readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import type { Mounter } from './mounter.ts'

/** From the kernel's linux/magic.h. */
const CGROUP = 0x27e0eb
const CGROUP2 = 0x63677270

/** The controllers that steps need: they keep devices away and set limits. */
const NEEDED = ['devices', 'memory', 'cpu', 'cpuset']

/**
 * crun refuses to run where `hierarchies` has control groups of version 1 and, beside them, version 2 with some
 * controller. If all controllers that steps need are of version 1, this covers version 2 in this process's mount
 * namespace, which must be its own: then crun uses version 1. Changes nothing elsewhere, and never rejects.
 */
export async function hideCgroupV2(mounter: Mounter, hierarchies = '/sys/fs/cgroup'): Promise<void> {
  const newer = join(hierarchies, 'unified')
  if (typeOf(newer) !== CGROUP2 || !hasControllers(newer)) return
  if (!NEEDED.every((name) => typeOf(join(hierarchies, name)) === CGROUP)) return
  // If this fails, the trial of crun reports why crun does not work.
  await mounter.tmpfs(newer).catch(() => undefined)
}

/** The number of the filesystem's type; undefined if the path does not exist. */
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
