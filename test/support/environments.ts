// Real environments that allow less than the machine does: a command runs in them as in a pod or on a shared machine.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { type OciConfig, ociConfig } from '../../lib/sandbox/oci/oci-config.ts'
import type { SandboxMount, WorkerNamespaces } from '../../lib/sandbox/types.ts'

/** To make them takes root and the programs of {@link environmentsNeed}. */
export const ENVIRONMENTS = {
  /** Root, with all that the test's machine gives. */
  root: { uid: 0, container: false },
  /** A user with subordinate ids and newuidmap. */
  subordinate: { uid: 1001, container: false },
  /** A user without subordinate ids. */
  single: { uid: 1002, container: false },
  /** Root in a container with Docker's capabilities, seccomp filter and masked paths. */
  container: { uid: 0, container: true },
  /**
   * The user of a container without capabilities, with no_new_privs and Docker's seccomp filter: a pod of the
   * restricted profile.
   */
  restricted: { uid: 10001, container: true },
  /** The same without a seccomp filter: what a pod has that asks for none. */
  unfiltered: { uid: 10001, container: true },
} as const

export type EnvironmentName = keyof typeof ENVIRONMENTS

export const environmentsNeed = ['runc', 'setpriv', 'unshare', 'newuidmap'] as const

export interface EnvironmentRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface EnvironmentOptions {
  /** Seconds; default 120. */
  readonly timeout?: number
  /** Default: PATH, HOME and TMPDIR. */
  readonly env?: Readonly<Record<string, string>>
  /** Further directories that the command may write in, shown at the same path. */
  readonly writable?: readonly string[]
  /**
   * The container's own root directory; default an empty one. A directory of its user in it, such as /etc, is seen
   * instead of the machine's. Directories for mounts are made in it, and stay.
   */
  readonly root?: string
  /** Called with the directory that is the command's HOME, before it runs, e.g. to put files there. */
  readonly before?: (home: string) => void
  /** Called with the same directory afterwards. */
  readonly after?: (home: string) => void
}

/**
 * Runs a command to its end. It sees the machine's programs, this checkout and Node.js read-only, and may write
 * only to its HOME.
 */
export function inEnvironment(
  name: EnvironmentName,
  command: readonly string[],
  options: EnvironmentOptions = {},
): EnvironmentRun {
  const lab = mkdtempSync(join(tmpdir(), `tsbuild-environment-${name}-`))
  try {
    chmodSync(lab, 0o755)
    const home = join(lab, 'home')
    mkdirSync(home)
    chownSync(home, ENVIRONMENTS[name].uid, ENVIRONMENTS[name].uid)
    options.before?.(home)
    const env = {
      PATH: `${dirname(process.execPath)}:${SYSTEM_PATH}`,
      HOME: home,
      TMPDIR: home,
      LANG: 'C.UTF-8',
      ...options.env,
    }
    const argv = ENVIRONMENTS[name].container
      ? containerArgv(name, lab, command, { env, root: options.root, writable: [home, ...(options.writable ?? [])] })
      : userArgv(name, lab, command)
    const [file = '', ...args] = argv
    const timeout = (options.timeout ?? 120) * 1000
    const { status, stdout, stderr } = spawnSync(file, args, {
      env,
      cwd: '/',
      encoding: 'utf8',
      timeout,
      killSignal: 'SIGKILL',
      maxBuffer: 64 << 20,
    })
    if (ENVIRONMENTS[name].container)
      spawnSync('runc', [...stateOf(lab), 'delete', '-f', idOf(lab)], { env: { PATH: SYSTEM_PATH } })
    options.after?.(home)
    return { status, stdout, stderr }
  } finally {
    rmSync(lab, { recursive: true, force: true })
  }
}

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Arguments that run a command in a mount namespace with its own user tables, so that no account of the machine
 * is changed. The line of the builder comes first, so that it is found by name and by uid even if the machine
 * has an account with that name or uid.
 */
function userArgv(name: EnvironmentName, lab: string, command: readonly string[]): readonly string[] {
  const { uid } = ENVIRONMENTS[name]
  if (uid === 0) return command
  const tables = {
    '/etc/passwd': `builder:x:${uid}:${uid}::${lab}/home:/bin/sh\n${readFileSync('/etc/passwd', 'utf8')}`,
    '/etc/subuid': name === 'subordinate' ? 'builder:100000:65536\n' : 'somebody:200000:65536\n',
    '/etc/subgid': name === 'subordinate' ? 'builder:100000:65536\n' : 'somebody:200000:65536\n',
  }
  const binds = Object.entries(tables).map(([path, text]) => {
    const file = join(lab, path.replaceAll('/', '_'))
    writeFileSync(file, text)
    if (!existsSync(path)) writeFileSync(path, '')
    return `mount --bind ${file} ${path}`
  })
  const script = `${binds.join(' && ')} && exec setpriv --reuid ${uid} --regid ${uid} --clear-groups "$@"`
  return ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh', ...command]
}

const idOf = (lab: string): string => `environment${lab.replaceAll(/[^\w]/g, '-')}`
const stateOf = (lab: string): readonly string[] => ['--root', join(lab, 'state')]

interface ContainerOptions {
  readonly env: Readonly<Record<string, string>>
  readonly root: string | undefined
  readonly writable: readonly string[]
}

function containerArgv(
  name: EnvironmentName,
  lab: string,
  command: readonly string[],
  { env, root = join(lab, 'root'), writable }: ContainerOptions,
): readonly string[] {
  const bundle = join(lab, 'bundle')
  const own = existsSync(root) ? readdirSync(root).filter((name) => lstatSync(join(root, name)).uid !== 0) : []
  mkdirSync(bundle)
  for (const directory of ['proc', 'dev', 'sys', 'tmp', 'run']) mkdirSync(join(root, directory), { recursive: true })
  chmodSync(join(root, 'tmp'), 0o1777)
  const checkout = resolve(import.meta.dirname, '../..')
  const shown = SYSTEM_DIRECTORIES.filter((path) => !own.includes(basename(path)) && !linked(path, root))
  const readable = [...shown, checkout, process.execPath]
  const mounts = [
    ...readable.map((path): SandboxMount => ({ kind: 'bind', source: path, target: path, readonly: true })),
    ...writable.map((path): SandboxMount => ({ kind: 'bind', source: path, target: path, readonly: false })),
  ]
  const { uid } = ENVIRONMENTS[name]
  const namespaces: WorkerNamespaces = { mapping: 'root', mounts: true, processes: true, launcher: [] }
  const config = ociConfig(
    {
      id: idOf(lab),
      root,
      scratch: bundle,
      args: command,
      env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      cwd: '/',
      user: { uid, gid: uid, groups: [] },
      mounts,
      hostname: 'environment',
      network: 'host',
      insecure: false,
      resourceLimits: [],
      controlLimits: {},
      shmSize: 64 << 20,
    },
    { namespaces, capabilities: name === 'container' ? ALL : 0n, cgroups: false, arch: process.arch },
  )
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(restrict(name, config)))
  return ['runc', ...stateOf(lab), 'run', '-b', bundle, idOf(lab)]
}

const ALL = (1n << 41n) - 1n

function restrict(name: EnvironmentName, config: OciConfig): OciConfig {
  if (name === 'container') return config
  const made = { ...config, process: { ...config.process, noNewPrivileges: true } }
  if (name === 'restricted') return made
  const { seccomp: _, ...linux } = made.linux
  return { ...made, linux }
}

const SYSTEM_DIRECTORIES = ['/bin', '/etc', '/lib', '/lib32', '/lib64', '/libx32', '/opt', '/sbin', '/usr'].filter(
  (path) => existsSync(path),
)

/** Makes the same symlink in the root, for a directory that is one; else false. */
function linked(path: string, root: string): boolean {
  if (!lstatSync(path).isSymbolicLink()) return false
  const link = join(root, path)
  // An earlier container with the same root may have left it.
  if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync(readlinkSync(path), link)
  return true
}
