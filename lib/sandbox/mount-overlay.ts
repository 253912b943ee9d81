// Stacks directories with overlayfs, by the system's own mount.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { TsbuildError } from '../errors.ts'
import { runProgram } from './run-program.ts'
import type { Probe } from './types.ts'

export interface OverlayMount {
  /** Directories to read from, the top one first, absolute. */
  readonly lower: readonly string[]
  /** Where changes go; on the same filesystem as `work`, and not on an overlay. */
  readonly upper: string
  /** An empty directory for the kernel. */
  readonly work: string
  readonly target: string
  /** Whether attributes are `user.overlay.*` instead of `trusted.overlay.*`: in a user namespace they must be. */
  readonly userxattr: boolean
}

/** What mount(2) takes is one page, with the zero at its end. */
const OPTIONS_LIMIT = 4095

/**
 * Mounts an overlay in this process's mount namespace. Rejects with SANDBOX_FAILED in the system's words; also where there are so many
 * lower directories that their names, taken from the directory that all are in, don't fit in a page.
 */
export async function mountOverlay(mount: OverlayMount): Promise<void> {
  const { target, userxattr } = mount
  const base = commonDirectory([...mount.lower, mount.upper, mount.work])
  const name = (path: string): string => escapeName(relative(base, path) || '.')
  const options = [
    `lowerdir=${mount.lower.map(name).join(':')}`,
    `upperdir=${name(mount.upper)}`,
    `workdir=${name(mount.work)}`,
    // The capture of changes knows neither redirects nor metadata without content, which a kernel may be built to make.
    ...(userxattr ? ['userxattr'] : ['redirect_dir=off', 'metacopy=off', 'index=off']),
  ].join(',')
  const length = Buffer.byteLength(options)
  if (length > OPTIONS_LIMIT) {
    const message = `cannot stack ${mount.lower.length} directories: their names take ${length} of ${OPTIONS_LIMIT} bytes`
    throw new TsbuildError('SANDBOX_FAILED', message)
  }
  await runProgram('mount', ['-n', '-i', '-t', 'overlay', '-o', options, 'overlay', target], base)
}

/** Mounts an empty tmpfs at a directory, which others can pass through but not list. Rejects with SANDBOX_FAILED. */
export async function mountTmpfs(target: string): Promise<void> {
  await runProgram('mount', ['-n', '-i', '-t', 'tmpfs', '-o', 'mode=711,nosuid,nodev', 'tmpfs', target])
}

/** Takes away what is mounted at a directory. Rejects with SANDBOX_FAILED, e.g. where a process still uses it. */
export async function unmount(target: string): Promise<void> {
  await runProgram('umount', ['-n', '-i', '-c', target])
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
  const escaped = path.replace(/[\\:,]/g, '\\$&')
  return escaped
}

/**
 * Whether overlays work in a directory of the store, by doing there what kernels and filesystems fail at: a directory of a lower layer
 * is removed and made again. Leaves nothing behind; never rejects.
 */
export async function probeOverlay(directory: string, userxattr: boolean): Promise<Probe> {
  const name = 'overlayfs in the store'
  try {
    const scratch = await mkdtemp(join(directory, 'overlay-probe-'))
    try {
      await tryOverlay(scratch, userxattr)
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
    return { name, ok: true, detail: userxattr ? 'works in this user namespace' : 'works' }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    const remedy = `keep the store on a filesystem that is no overlay itself, e.g. a volume: ${directory} is not`
    return { name, ok: false, detail, remedy }
  }
}

async function tryOverlay(scratch: string, userxattr: boolean): Promise<void> {
  const [lower, upper, work, target] = ['lower', 'upper', 'work', 'target'].map((name) => join(scratch, name))
  if (!lower || !upper || !work || !target) throw new Error('bug: four names are four paths')
  await Promise.all([mkdir(join(lower, 'directory'), { recursive: true }), mkdir(upper), mkdir(work), mkdir(target)])
  await writeFile(join(lower, 'directory/file'), '')
  await mountOverlay({ lower: [lower], upper, work, target, userxattr })
  try {
    await rm(join(target, 'directory'), { recursive: true })
    await mkdir(join(target, 'directory'))
    const left = await readdir(join(target, 'directory'))
    if (left.length > 0) throw new Error('a removed file is there again')
  } finally {
    await unmount(target)
  }
}
