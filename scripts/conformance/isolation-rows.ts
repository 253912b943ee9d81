// The rows of the table in docs/sandbox.md about the recorded RUN cases: one for each program that runs steps.
import { join } from 'node:path'
import { findProgram } from '../../lib/base/find-program.ts'
import { type Canaries, plantCanaries } from '../../test/support/canaries.ts'
import { ENVIRONMENTS, environmentsNeed } from '../../test/support/environments.ts'
import type { BuildRun } from './run-builds.ts'

export interface IsolationRow {
  readonly name: string
  readonly title: string
  readonly run: BuildRun
  /** Whether the program works on this machine. */
  readonly available: boolean
  /** The cases that are known to fail, with the reason. */
  readonly shortfalls: Readonly<Record<string, string>>
  /** Files that no step may touch, where steps could: a line for each one that was touched. */
  readonly touched?: () => readonly string[]
}

const OLD_CACHE = 'one case expects the result of the build before it, which had other proxy variables, from the cache'
const COMMON = { 'buildkit-builtinargs-1': OLD_CACHE }
const DEVICES =
  'one case prints the options of a tmpfs, which has `nodev` here: no control group keeps the devices of the machine away'
const NO_DEVICES = { ...COMMON, 'buildkit-mounttmpfssize': DEVICES }
const NO_PROC = 'one case looks at its mounts in /proc, which a chroot has not'
const PRETENDED = 'to a static program all files seem its own, and `chown` is pretended'
const GROUPS = 'supplementary groups are those of the builder'
const FORGOTTEN = 'files in a cache mount that an earlier step made belong to root'
const DIRECTORY = 'a tmpfs is a directory'

const root = process.getuid?.() === 0
const has = (...names: readonly string[]): boolean => root && names.every((name) => findProgram(name) !== undefined)

/** Runs a script first, in a mount namespace of its own. */
const mounted = (script: string): readonly string[] => [
  ...['unshare', '-m', '--propagation', 'private', 'sh', '-c'],
  ...[`${script} && exec "$@"`, 'sh'],
]

/** Hides a program, so that the other runtime is used. */
const without = (name: string): readonly string[] => {
  const path = findProgram(name)
  return mounted(path === undefined ? 'true' : `mount --bind /bin/false ${path}`)
}

/** A pod of Kubernetes' restricted profile, whose root is full of files that no step may touch. */
function restrictedPod(directory: string): Pick<IsolationRow, 'run' | 'touched'> {
  let canaries: Canaries | undefined
  const root = join(directory, 'canaries')
  const program = join(import.meta.dirname, 'enter-restricted.ts')
  return {
    run: {
      isolation: 'virtual',
      enter: `${process.execPath} --import ${import.meta.resolve('tsx')} ${program} ${root} "$PWD" {base}`,
      before: () => {
        canaries = plantCanaries(root, ENVIRONMENTS.restricted.uid)
      },
    },
    touched: () => canaries?.touched() ?? [],
  }
}

/**
 * `filter` is a file with Docker's seccomp filter for processes without capabilities. With that filter, and
 * without capabilities, proot runs in the environment that it is meant for. `directory` is for files of the rows.
 */
export function isolationRows(filter: string, directory: string): readonly IsolationRow[] {
  const restricted = `bwrap --dev-bind / / --cap-drop ALL --seccomp 9 9<${filter} --`
  const proot = process.env['TSBUILD_TEST_PROOT']
  return [
    {
      name: 'runc',
      title: '`oci` (runc)',
      run: { isolation: 'oci', within: without('crun') },
      available: has('runc', 'unshare'),
      shortfalls: COMMON,
    },
    {
      name: 'crun',
      title: '`oci` (crun)',
      run: { isolation: 'oci', within: without('runc') },
      available: has('crun', 'unshare'),
      shortfalls: COMMON,
    },
    {
      name: 'bwrap',
      title: '`bwrap`',
      run: { isolation: 'bwrap' },
      available: has('bwrap'),
      shortfalls: NO_DEVICES,
    },
    {
      name: 'helper',
      title: '`userns` (the native helper)',
      run: { isolation: 'userns' },
      available: root,
      shortfalls: NO_DEVICES,
    },
    {
      name: 'unshare',
      title: '`userns` (unshare)',
      run: { isolation: 'userns', env: { TSBUILD_SANDBOX_HELPER: '' } },
      available: has('unshare', 'nsenter', 'setpriv'),
      shortfalls: NO_DEVICES,
    },
    {
      name: 'chroot',
      title: '`chroot`',
      run: { isolation: 'chroot' },
      available: has('nsenter', 'setpriv'),
      shortfalls: { ...COMMON, 'buildkit-mounttmpfssize': NO_PROC },
    },
    {
      name: 'virtual',
      title: '`virtual` (in a restricted pod)',
      ...restrictedPod(directory),
      available: process.arch === 'x64' && has(...environmentsNeed),
      shortfalls: {
        ...COMMON,
        'buildah-mount-cache-by-ownership': FORGOTTEN,
        'buildkit-mounttmpfssize': DIRECTORY,
      },
    },
    {
      name: 'proot',
      title: '`proot` (5.4, without any capability)',
      run: { isolation: 'proot', enter: restricted, env: { TSBUILD_PROOT: proot ?? '' } },
      available: proot !== undefined && has('bwrap'),
      shortfalls: {
        ...COMMON,
        'buildah-copy-from-owner': PRETENDED,
        'buildah-mount-cache-by-ownership': PRETENDED,
        'buildkit-cachemountuser': PRETENDED,
        'buildkit-copychown': PRETENDED,
        'buildkit-copychowncreatedest': PRETENDED,
        'buildkit-copychownexistingdir-0': PRETENDED,
        'buildkit-copychownexistingdir-1': PRETENDED,
        'buildkit-copyheredoc': PRETENDED,
        'buildkit-dockerfileaddchownexpand': PRETENDED,
        'buildkit-user-0': GROUPS,
        'buildkit-mounttmpfssize': DIRECTORY,
      },
    },
  ]
}

export const DOCUMENT: string = join(import.meta.dirname, '../../docs/sandbox.md')
