// The mount options of an overlayfs.
import { dirname, relative } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'

export interface OverlayMount {
  /** The directories of the layers, absolute, the top one first. */
  readonly lower: readonly string[]
  /** The directory for changes, on the same filesystem as `work`, which must not be an overlay itself. */
  readonly upper: string
  /** The kernel's own directory: empty, or used by an earlier mount. */
  readonly work: string
  readonly target: string
  /**
   * Whether attributes are named `user.overlay.*` instead of `trusted.overlay.*`, as they must be in a user
   * namespace.
   */
  readonly userxattr: boolean
}

/** The bytes of options that mount(2) takes: one page, less the NUL at its end. */
const OPTIONS_LIMIT = 4095

/**
 * The options of a mount. Names in them are relative to `directory`, which all directories are in, to make them
 * short. Errors with SANDBOX_FAILED where there are so many lower directories that their names don't fit in a page.
 */
export function overlayOptions(mount: OverlayMount): { readonly directory: string; readonly options: string } {
  const directory = commonDirectory([...mount.lower, mount.upper, mount.work])
  const name = (path: string): string => escapeName(relative(directory, path) || '.')
  const options = [
    `lowerdir=${mount.lower.map(name).join(':')}`,
    `upperdir=${name(mount.upper)}`,
    `workdir=${name(mount.work)}`,
    // A kernel may make redirects, and metadata without content, by default: the capture of changes understands
    // neither.
    ...(mount.userxattr ? ['userxattr'] : ['redirect_dir=off', 'metacopy=off', 'index=off']),
  ].join(',')
  const length = Buffer.byteLength(options)
  if (length <= OPTIONS_LIMIT) return { directory, options }
  const message = `cannot stack ${mount.lower.length} directories: their names take ${length} of ${OPTIONS_LIMIT} bytes`
  throw new TsbuildError('SANDBOX_FAILED', message)
}

/** The innermost directory that all paths are in. */
function commonDirectory(paths: readonly string[]): string {
  let base = dirname(paths[0] ?? '/')
  for (const path of paths) while (!isWithin(dirname(path), base)) base = dirname(base)
  return base
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`)
}

/** overlayfs wants `\` before its separators. mount(8) splits options at commas first, unless they are in quotes. */
function escapeName(path: string): string {
  if (path.includes('"'))
    throw new TsbuildError('SANDBOX_FAILED', `cannot stack a directory with a quote in its name: ${path}`)
  return path.replace(/[\\:,]/g, '\\$&')
}
