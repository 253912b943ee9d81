// Paths inside a root directory on disk that is not ours: its symbolic links may lead anywhere, and its names are
// bytes.
import { lstatSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** As many as Go's fs.RootPath follows, which other builders resolve with. */
const MAX_LINKS = 255

export interface PathInRoot {
  /**
   * The resolved path as bytes, relative to the root: no `.`, no `..`, no slash at either end. Empty for the root
   * itself.
   */
  readonly relative: Buffer
  /** The same on the host: the root's own path, and the resolved one behind it. */
  readonly absolute: Buffer
}

/**
 * Resolves every symbolic link of a path as if `root` were `/`: absolute targets start at the root, and `..` stops
 * there, so that the result never is outside of it. Components that don't exist are kept. The path may be absolute
 * and unclean; a string stands for its UTF-8. Undefined after more than 255 links, as in a loop. Throws what lstat(2)
 * fails with, such as `ENOTDIR` for a path through a file. The result holds only while nothing else writes to the
 * root.
 */
export function resolvePathInRoot(root: string, path: string | Buffer): PathInRoot | undefined {
  // Latin-1 has one character for each byte, so that strings can be split and joined without losing any.
  const host = Buffer.from(root).toString('latin1')
  // Last component first, so that the next one is popped.
  const pending = components(Buffer.from(path))
  // The whole path up to each component: joining the components again at each step would take quadratic time.
  let resolved: string[] = []
  let links = 0
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '..') {
      resolved.pop()
      continue
    }
    const above = resolved.at(-1)
    const next = above === undefined ? name : `${above}/${name}`
    const target = readLink(bytesOf(join(host, next)))
    if (target === undefined) {
      resolved.push(next)
      continue
    }
    if (++links > MAX_LINKS) return undefined
    if (target[0] === SLASH) resolved = []
    pending.push(...components(target))
  }
  const relative = resolved.at(-1) ?? ''
  return { relative: bytesOf(relative), absolute: bytesOf(join(host, relative)) }
}

const SLASH = 0x2f

/** The target of a symbolic link; undefined for anything else, and for a path that does not exist. */
function readLink(path: Buffer): Buffer | undefined {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return undefined
  return readlinkSync(path, 'buffer')
}

function components(path: Buffer): string[] {
  return path
    .toString('latin1')
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .reverse()
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
