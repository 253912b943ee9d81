// Commands that install what others have published, and which files of a project they read.

import { baseName } from '../../base/paths.ts'
import type { RunStep } from '../step.ts'
import type { ShellCommand } from './shell-commands.ts'

export interface DependencyInstall {
  /** The command as messages name it, e.g. `npm ci`. */
  readonly name: string
  /** The files that it reads, where they are there; none for packages that are named on the command line. */
  readonly manifests: readonly string[]
}

/** Undefined for commands that may read anything else. */
export function dependencyInstall({ words }: ShellCommand): DependencyInstall | undefined {
  const [program = '', ...rest] = words
  if (words.some((word) => /[`*]|\$\(/.test(word))) return undefined
  const name = baseName(program)
  if (/^python3?$/.test(name) && rest[0] === '-m' && rest[1] === 'pip') return pip(rest.slice(2))
  if (/^pip3?$/.test(name)) return pip(rest)
  const find = programs.get(name)
  return find?.(
    rest.filter((word) => !word.startsWith('-')),
    rest,
  )
}

/** The installs of a RUN; none when it also does what may need more files, or keeps its packages in a cache mount. */
export function installsOf({ commands, instruction }: RunStep): readonly DependencyInstall[] {
  if (instruction.mounts.length > 0) return []
  const found: DependencyInstall[] = []
  for (const command of commands) {
    const install = dependencyInstall(command)
    if (install) found.push(install)
    else if (!isHarmless(command)) break
  }
  return found
}

/** A RUN that does nothing but install: it needs no other file and no variable that it doesn't name. */
export function onlyInstalls(step: RunStep): readonly DependencyInstall[] {
  const isPure = step.commands.every((command) => dependencyInstall(command) !== undefined || isHarmless(command))
  return isPure ? installsOf(step) : []
}

const HARMLESS: ReadonlySet<string> = new Set(['set', 'echo', 'true', 'mkdir', 'rm'])
const SYSTEMS: ReadonlySet<string> = new Set(['apt-get', 'apt', 'apk', 'yum', 'dnf', 'microdnf'])

/** Commands beside an install that read no file of the project. */
export function isHarmless({ words }: ShellCommand): boolean {
  const [program = '', ...rest] = words
  if (program === 'npm' || program === 'yarn') return rest[0] === 'cache'
  if (program === 'cd') return rest[0]?.startsWith('/') === true
  if (SYSTEMS.has(program))
    return /^(?:update|upgrade|clean|autoremove|autoclean|makecache)$/.test(
      rest.find((word) => !word.startsWith('-')) ?? '',
    )
  return HARMLESS.has(program) && !words.some((word) => /[`]|\$\(/.test(word))
}

type Find = (words: readonly string[], all: readonly string[]) => DependencyInstall | undefined

const isLocal = (word: string): boolean => /^[./~]|\.(?:deb|rpm|apk|gem|tgz|whl|txt)$|^file:|\$/.test(word)

/** Package managers of systems: the packages are named. */
function system(program: string, verbs: readonly string[]): Find {
  return ([verb = '', ...packages]) =>
    verbs.includes(verb) && packages.length > 0 && !packages.some((word) => /^[./~]|\.(?:deb|rpm|apk)$/.test(word))
      ? { name: `${program} ${verb}`, manifests: [] }
      : undefined
}

/** Commands that read the manifests of the directory they run in. */
function project(name: string, verbs: readonly string[], manifests: readonly string[]): Find {
  return (words) => {
    // A number is a flag's, as in `--jobs 4`.
    const verb = words.filter((word) => !/^[0-9]+$/.test(word)).join(' ')
    return verbs.includes(verb) ? { name: `${name} ${verb}`.trim(), manifests } : undefined
  }
}

const npmProject = project('npm', ['ci', 'install', 'i', 'clean-install'], ['package.json', 'package-lock.json'])

const npm: Find = (words, all) => {
  const isGlobal = all.some((word) => word === '-g' || word === '--global')
  const [verb = '', ...packages] = words
  if (!isGlobal)
    return all.some((word) => /^--(?:prefix|workspace)|^-[Cw]$/.test(word)) ? undefined : npmProject(words, all)
  const isInstall = (verb === 'install' || verb === 'i') && packages.length > 0 && !packages.some(isLocal)
  return isInstall ? { name: 'npm install -g', manifests: [] } : undefined
}

const composer: Find = (words, all) =>
  words.join(' ') === 'install' && all.includes('--no-scripts')
    ? { name: 'composer install', manifests: ['composer.json', 'composer.lock'] }
    : undefined

const gem: Find = ([verb = '', ...gems]) =>
  verb === 'install' && gems.length > 0 && !gems.some(isLocal) ? { name: 'gem install', manifests: [] } : undefined

const maven: Find = (words) =>
  /^dependency:(?:go-offline|resolve)$/.test(words.join(' '))
    ? { name: `mvn ${words.join(' ')}`, manifests: ['pom.xml'] }
    : undefined

const poetry: Find = (words, all) =>
  words.join(' ') === 'install' && all.includes('--no-root')
    ? { name: 'poetry install', manifests: ['pyproject.toml', 'poetry.lock'] }
    : undefined

const programs: ReadonlyMap<string, Find> = new Map(
  Object.entries({
    'apt-get': system('apt-get', ['install']),
    apt: system('apt', ['install']),
    apk: system('apk', ['add']),
    yum: system('yum', ['install']),
    dnf: system('dnf', ['install']),
    microdnf: system('microdnf', ['install']),
    npm,
    yarn: project('yarn', ['', 'install'], ['package.json', 'yarn.lock']),
    pnpm: project('pnpm', ['install', 'i'], ['package.json', 'pnpm-lock.yaml']),
    go: project('go', ['mod download'], ['go.mod', 'go.sum']),
    bundle: project('bundle', ['install', ''], ['Gemfile', 'Gemfile.lock']),
    mix: project('mix', ['deps.get'], ['mix.exs', 'mix.lock']),
    composer,
    gem,
    mvn: maven,
    poetry,
  }),
)

/** `-r FILE`s, or names of packages, but nothing of the project itself. */
function pip([verb, ...rest]: readonly string[]): DependencyInstall | undefined {
  if (verb !== 'install') return undefined
  const manifests: string[] = []
  let packages = 0
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? ''
    const file = word === '-r' || word === '--requirement' ? rest[++at] : /^(?:-r|--requirement=)(.+)/.exec(word)?.[1]
    if (file !== undefined) manifests.push(file)
    else if (/^(?:-e|--editable|-c|--constraint|--find-links|-f|-t|--target)/.test(word)) return undefined
    else if (!word.startsWith('-')) {
      if (isLocal(word) || word.includes('/')) return undefined
      packages++
    }
  }
  if (manifests.some((file) => file.startsWith('/') || file.includes('$') || file.includes('..'))) return undefined
  if (manifests.length > 0) return { name: `pip install -r ${manifests.join(' -r ')}`, manifests }
  return packages > 0 ? { name: 'pip install', manifests: [] } : undefined
}
