// Paths in the image. Where the base's working directory isn't known, `~base` stands for it.
import { cleanPath } from '../../base/paths.ts'

export const UNKNOWN_DIRECTORY = '~base'

/** A path as seen from a directory, without `.`, `..` and a slash at its end. */
export function resolvePath(directory: string, path: string): string {
  const isAbsolute = path.startsWith('/')
  const isUnknown = !isAbsolute && directory.startsWith(UNKNOWN_DIRECTORY)
  const cleaned = cleanPath(isAbsolute ? path : `${directory}/${path}`)
  return isUnknown ? cleaned : `/${cleaned}`
}

/** Whether a path is a directory or something below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

/** A path in the image as messages show it. */
export const shownPath = (path: string): string => path.replace(UNKNOWN_DIRECTORY, '.')
