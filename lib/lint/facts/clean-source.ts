/** A path without `.`, `..` and doubled slashes where they can be done without, as Go's `path.Clean` has it. */
export function cleanSource(path: string): string {
  const isRooted = path.startsWith('/')
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    const canGoUp = parts.length > 0 && parts.at(-1) !== '..'
    if (part !== '..') parts.push(part)
    else if (canGoUp) parts.pop()
    else if (!isRooted) parts.push(part)
  }
  const cleaned = parts.join('/')
  return isRooted ? `/${cleaned}` : cleaned || '.'
}
