// Paths inside an image: always `/`-separated, whatever system the build runs on.
import { posix } from 'node:path'

/**
 * The working directory after `WORKDIR path` in `current` (possibly empty), as the image config has it: a
 * relative path is joined and cleaned, an absolute one stays as written. Windows gets backslashes.
 */
export function joinWorkdir(current: string, path: string, os: string): string {
  if (os !== 'windows') return join(current, path)
  const slashes = (text: string): string => text.replaceAll('\\', '/')
  return join(slashes(current), slashes(path)).replaceAll('/', '\\')
}

/** A working directory as a path in the image's filesystem: absolute and clean. */
export function workdirPath(workdir: string, os: string): string {
  return posix.resolve('/', os === 'windows' ? workdir.replaceAll('\\', '/') : workdir)
}

const join = (current: string, path: string): string =>
  path.startsWith('/') ? path : posix.resolve('/', current, path)

/** A COPY or ADD destination: absolute and clean, with a trailing slash when it must be a directory. */
export function copyDestination(workdir: string, destination: string): string {
  const path = posix.resolve('/', workdir, destination)
  const directory = /(^|\/)\.?$/.test(destination)
  return directory && path !== '/' ? `${path}/` : path
}
