// The control groups of steps whose builder was killed: a runtime that is killed, too, can't remove them.
import { readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { ifAllowed } from '../../base/errno.ts'
import { parseProcessMark, stateOfProcess } from '../../base/process-mark.ts'

/** The prefix of the id of a step's container, and so of the names of its control groups. */
export const CONTAINER_PREFIX = 'tsbuild-'

/**
 * Removes the control groups of steps whose builder is dead. Groups that can't be removed stay: they belong to another
 * user, or a process is in them. `hierarchies` is where control groups are mounted.
 */
export function sweepControlGroups(hierarchies = '/sys/fs/cgroup', own: readonly string[] = ownGroups()): void {
  // Version 1 has a hierarchy in each directory, version 2 one for all. Some runtimes nest groups in their own one.
  const roots = [hierarchies, ...directoriesIn(hierarchies)]
  const parents = new Set(roots.flatMap((root) => [root, ...own.map((group) => join(root, group))]))
  for (const parent of parents) {
    for (const group of directoriesIn(parent, CONTAINER_PREFIX))
      if (isLeft(group.slice(parent.length + 1))) remove(group)
  }
}

/** Whether a group's name is `tsbuild-MARK-STEP` with numbers of the step, and its builder is dead. */
function isLeft(name: string): boolean {
  const mark = /^(.+?)(?:-\d+){2}$/.exec(name.slice(CONTAINER_PREFIX.length))?.[1]
  const maker = mark === undefined ? undefined : parseProcessMark(mark)
  return maker !== undefined && stateOfProcess(maker) === 'dead'
}

function remove(group: string): void {
  for (const inner of directoriesIn(group)) remove(inner)
  ifAllowed(() => rmdirSync(group))
}

function directoriesIn(directory: string, prefix = ''): readonly string[] {
  const entries = ifAllowed(() => readdirSync(directory, { withFileTypes: true })) ?? []
  return entries
    .filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix))
    .map(({ name }) => join(directory, name))
}

/** The control groups of this process: `N:CONTROLLERS:PATH`, see cgroups(7). */
function ownGroups(): readonly string[] {
  const lines = ifAllowed(() => readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) ?? []
  return [...new Set(lines.map((line) => line.split(':').slice(2).join(':')).filter((path) => path !== '/'))]
}
