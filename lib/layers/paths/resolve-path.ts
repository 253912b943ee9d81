import { TsbuildError } from '../../base/errors.ts'
import type { FileTree } from '../file-tree.ts'

/** The limit of containerd's fs.RootPath, which other builders resolve paths with. */
const MAX_LINKS = 255

export interface ResolvePathOptions {
  /** Whether a symlink at the very end is followed too. */
  readonly followLast: boolean
}

/**
 * A path with symlinks resolved inside a tree: absolute targets start at the tree's root, `..` stops there.
 * Components that don't exist are kept as they are. The path may be absolute and unclean; the result is in the
 * form of entry.ts. Errors with `SYMLINK_LOOP` after 255 symlinks.
 */
export function resolvePath(tree: FileTree, unresolved: string, options: ResolvePathOptions): string {
  // Backwards, so that the next component is popped.
  const pending = components(unresolved)
  // The whole path up to each component, so that long paths are not joined again for each.
  const resolved: string[] = []
  let links = 0
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '..') {
      resolved.pop()
      continue
    }
    const above = resolved.at(-1)
    const path = above === undefined ? name : `${above}/${name}`
    resolved.push(path)
    if (pending.length === 0 && !options.followLast) break
    const entry = tree.lookup(path)
    if (entry?.type !== 'symlink') continue
    if (++links > MAX_LINKS) {
      throw new TsbuildError('SYMLINK_LOOP', `too many symlinks while resolving ${JSON.stringify(unresolved)}`)
    }
    const target = entry.linkname ?? ''
    if (target.startsWith('/')) resolved.length = 0
    else resolved.pop()
    pending.push(...components(target))
  }
  return resolved.at(-1) ?? ''
}

/** Last component first. */
function components(path: string): string[] {
  return path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .reverse()
}
