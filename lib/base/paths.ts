// Paths as text, `/`-separated on every system. Nothing here looks at a file.

/**
 * A path below a root: relative, without empty components, `.` and `..`, which stops at the root. The root itself
 * is `''`. Of an absolute path this is POSIX's or Go's `path.Clean` without the leading slash.
 */
export function cleanPath(path: string): string {
  // Archives are full of names like `./a` and `a/`.
  const from = path.startsWith('./') ? 2 : 0
  const to = path.endsWith('/') ? path.length - 1 : path.length
  const trimmed = from === 0 && to === path.length ? path : path.slice(from, Math.max(from, to))
  return UNCLEAN.test(trimmed) ? cleanSlowly(trimmed) : trimmed
}

const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)/

function cleanSlowly(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/**
 * The shortest equal path, as Go's `path.Clean` has it: unlike {@link cleanPath}, a relative path keeps the `..`
 * that lead out of it.
 */
export function goClean(path: string): string {
  if (path.startsWith('/')) return `/${cleanPath(path)}`
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/') || '.'
}

/** The directory of a path and its name in it. */
export function splitPath(path: string): { readonly parent: string; readonly name: string } {
  return { parent: parentPath(path), name: baseName(path) }
}

/** `directory/name`, where the root directory is `''`. */
export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

/** The part before the last slash; `''` for the root and what is directly in it. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** The part after the last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
