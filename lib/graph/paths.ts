// Paths inside an image: always `/`-separated, whatever system the build runs on.
import { posix } from 'node:path'

/** The working directory after `WORKDIR path` in `current` (possibly empty): a relative path is joined and cleaned, an absolute one stays as written. */
export function joinWorkdir(current: string, path: string): string {
  return path.startsWith('/') ? path : posix.resolve('/', current, path)
}

/** A COPY or ADD destination: absolute and clean, with a trailing slash when it must be a directory. */
export function copyDestination(workdir: string, destination: string): string {
  const path = posix.resolve('/', workdir, destination)
  const directory = /(^|\/)\.?$/.test(destination)
  return directory && path !== '/' ? `${path}/` : path
}
