// Paths in the image. Where the base's working directory isn't known, `~base` stands for it.

export const UNKNOWN_DIRECTORY = '~base'

/** A path as seen from a directory, without `.`, `..` and a slash at its end. */
export function resolvePath(directory: string, path: string): string {
  const isAbsolute = path.startsWith('/')
  const isUnknown = !isAbsolute && directory.startsWith(UNKNOWN_DIRECTORY)
  const parts: string[] = []
  for (const part of (isAbsolute ? path : `${directory}/${path}`).split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return isUnknown ? parts.join('/') : `/${parts.join('/')}`
}

/** Whether a path is a directory or something below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** A path in the image as messages show it. */
export const shownPath = (path: string): string => path.replace(UNKNOWN_DIRECTORY, '.')
