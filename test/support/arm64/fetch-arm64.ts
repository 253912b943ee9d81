// Debian's packages for an emulated arm64 machine, in a directory of their own and never installed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const KEPT = resolve(import.meta.dirname, '../../../native/build/arm64')
/** The first release with kernels that have pages of 16 KiB. */
const RELEASE = 'trixie'

/** A package and the directory of it that is wanted. */
export interface Arm64Package {
  readonly name: string
  readonly directory: string
}

export const BUSYBOX: Arm64Package = { name: 'busybox-static', directory: 'usr/bin' }
/** A kernel with pages of 4 KiB, which most machines have, and one with larger pages. */
export const KERNEL: Arm64Package = { name: 'linux-image-arm64', directory: 'boot' }
export const KERNEL_16K: Arm64Package = { name: 'linux-image-arm64-16k', directory: 'boot' }

/**
 * The path of a package's file whose name begins with `name`. Downloads the package unless it was before. Errors if
 * apt-get can't have it.
 */
export function fetchArm64(each: Arm64Package, name: string): string {
  const directory = join(KEPT, each.name)
  if (!existsSync(directory)) download(each, directory)
  const unpacked = join(directory, each.directory)
  const file = readdirSync(unpacked).find((one) => one.startsWith(name))
  if (file === undefined) throw new Error(`${each.name} has no ${name} in ${each.directory}`)
  return join(unpacked, file)
}

function download({ name, directory }: Arm64Package, target: string): void {
  const work = `${target}.${process.pid}`
  try {
    const [downloads, root] = [join(work, 'downloads'), join(work, 'root')]
    for (const path of [downloads, root]) mkdirSync(path, { recursive: true })
    const config = aptConfig(work)
    run('apt-get', ['update', '-qq'], config, downloads)
    run('apt-get', ['download', '-qq', nameOfFiles(name, config)], config, downloads)
    const [file = ''] = readdirSync(downloads)
    const unpack = 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" "./$3"'
    run('sh', ['-c', unpack, 'sh', join(downloads, file), root, directory], config, downloads)
    renameSync(root, target)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The package that has the files: a kernel's name stands for the package of its newest version. */
function nameOfFiles(name: string, config: string): string {
  if (!name.startsWith('linux-image-')) return name
  const text = run('apt-cache', ['depends', '--important', name], config, KEPT)
  return /Depends: (linux-image-\S+)/.exec(text)?.[1] ?? name
}

function aptConfig(directory: string): string {
  const state = join(directory, 'apt')
  for (const path of ['lists/partial', 'archives/partial']) mkdirSync(join(state, path), { recursive: true })
  const sources = join(state, 'sources.list')
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg'
  writeFileSync(sources, `deb [signed-by=${key}] http://deb.debian.org/debian ${RELEASE} main\n`)
  writeFileSync(join(state, 'status'), '')
  const settings = {
    'APT::Architecture': 'arm64',
    'APT::Architectures': 'arm64',
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    'Dir::State': state,
    'Dir::State::status': join(state, 'status'),
    'Dir::State::lists': join(state, 'lists'),
    'Dir::Cache': state,
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
  }
  const config = join(state, 'apt.conf')
  const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";`)
  writeFileSync(config, `${lines.join('\n')}\n`)
  return config
}

function run(command: string, args: readonly string[], config: string, cwd: string): string {
  const env = { ...process.env, APT_CONFIG: config }
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`)
  return stdout
}
