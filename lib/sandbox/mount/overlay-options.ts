import { dirname, relative } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'

export interface OverlayMount {
  /** Directories to read from, the top one first, absolute. */
  readonly lower: readonly string[]
  /** Where changes go; on the same filesystem as `work`, and not on an overlay. */
  readonly upper: string
  /** A directory for the kernel: empty, or used by an earlier mount. */
  readonly work: string
  readonly target: string
  /** Whether attributes are `user.overlay.*` instead of `trusted.overlay.*`: in a user namespace they must be. */
  readonly userxattr: boolean
}

/** What mount(2) takes is one page, with the zero at its end. */
const OPTIONS_LIMIT = 4095

/**
 * The options of a mount, in which names are relative to `directory`, the one that all are in. Errors with SANDBOX_FAILED where there are so
 * many lower directories that even so their names don't fit in a page.
 */
export function overlayOptions(mount: OverlayMount): { readonly directory: string; readonly options: string } {
  const directory = commonDirectory([...mount.lower, mount.upper, mount.work])
  const name = (path: string): string => escapeName(relative(directory, path) || '.')
  const options = [
    `lowerdir=${mount.lower.map(name).join(':')}`,
    `upperdir=${name(mount.upper)}`,
    `workdir=${name(mount.work)}`,
    // The capture of changes knows neither redirects nor metadata without content, which a kernel may be built to make.
    ...(mount.userxattr ? ['userxattr'] : ['redirect_dir=off', 'metacopy=off', 'index=off']),
  ].join(',')
  const length = Buffer.byteLength(options)
  if (length <= OPTIONS_LIMIT) return { directory, options }
  const message = `cannot stack ${mount.lower.length} directories: their names take ${length} of ${OPTIONS_LIMIT} bytes`
  throw new TsbuildError('SANDBOX_FAILED', message)
}

/** The directory that all paths are in. */
function commonDirectory(paths: readonly string[]): string {
  let base = dirname(paths[0] ?? '/')
  for (const path of paths) while (!isWithin(dirname(path), base)) base = dirname(base)
  return base
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`)
}

/** Overlayfs takes `\` before its separators; mount(8) splits options at commas itself, but not where they are quoted. */
function escapeName(path: string): string {
  if (path.includes('"'))
    throw new TsbuildError('SANDBOX_FAILED', `cannot stack a directory with a quote in its name: ${path}`)
  return path.replace(/[\\:,]/g, '\\$&')
}
