// Debian's packages for an emulated arm64 machine, in a directory of their own and never installed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const KEPT = resolve(import.meta.dirname, '../../../native/build')
/** Kernels with pages of 16 KiB begin with it. */
const RELEASE = 'trixie'

/**
 * The directory that a package, or the newest of those that it depends on, is unpacked in. Errors if apt-get can't
 * have it.
 */
export function fetchArm64(name: string): string {
  const directory = join(KEPT, `arm64-${name}`)
  if (existsSync(directory)) return directory
  const temporary = `${directory}.${process.pid}`
  try {
    const downloads = join(temporary, 'downloads')
    mkdirSync(downloads, { recursive: true })
    const config = aptConfig(temporary)
    run('apt-get', ['update', '-qq'], config, downloads)
    run('apt-get', ['download', '-qq', realName(name, config, downloads)], config, downloads)
    const [file = ''] = readdirSync(downloads)
    run('dpkg-deb', ['-x', join(downloads, file), join(temporary, 'root')], config, downloads)
    renameSync(join(temporary, 'root'), directory)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return directory
}

/** The file of a package's kernel. */
export function kernelOf(directory: string): string {
  const boot = join(directory, 'boot')
  const name = readdirSync(boot).find((file) => file.startsWith('vmlinuz'))
  if (name === undefined) throw new Error(`${boot} has no kernel`)
  return join(boot, name)
}

/** A kernel's package depends on the one that has the kernel. */
function realName(name: string, config: string, directory: string): string {
  if (!name.startsWith('linux-image-')) return name
  const text = run('apt-cache', ['depends', '--important', name], config, directory)
  return /Depends: (linux-image-\S+)/.exec(text)?.[1] ?? name
}

function aptConfig(directory: string): string {
  const state = join(directory, 'apt')
  for (const path of ['lists/partial', 'archives/partial']) mkdirSync(join(state, path), { recursive: true })
  const sources = join(state, 'sources.list')
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg'
  writeFileSync(sources, `deb [signed-by=${key}] http://deb.debian.org/debian ${RELEASE} main\n`)
  writeFileSync(join(state, 'status'), '')
  const config = join(state, 'apt.conf')
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
