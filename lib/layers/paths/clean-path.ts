/**
 * A tar's or a user's path in the form of entry.ts: relative, no empty, `.` or `..` components; `..` stops at the root.
 * The root itself is `''`.
 */
export function cleanPath(path: string): string {
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
