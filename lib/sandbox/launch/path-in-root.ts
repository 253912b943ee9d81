// Paths of a root that is not ours, which may have symbolic links to anywhere.
import { lstatSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** As many links as Linux follows, and some. */
const MOST_LINKS = 255

/**
 * Where a path of a root is on the host, with every link resolved as if the root were `/`: never outside of it. Components that don't
 * exist stay as they are. Undefined where links go round in circles. True only while nothing else writes to the root.
 */
export function pathInRoot(root: string, path: string): string | undefined {
  let links = 0
  let done: string[] = []
  const left = path.split('/').reverse()
  while (left.length > 0) {
    const name = left.pop()
    if (name === undefined || name === '' || name === '.') continue
    if (name === '..') {
      done.pop()
      continue
    }
    const here = join(root, ...done, name)
    if (lstatSync(here, { throwIfNoEntry: false })?.isSymbolicLink() !== true) {
      done.push(name)
      continue
    }
    if (++links > MOST_LINKS) return undefined
    const target = readlinkSync(here)
    if (target.startsWith('/')) done = []
    left.push(...target.split('/').reverse())
  }
  return join(root, ...done)
}
