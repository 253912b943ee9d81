// Reads the settings of registries: this program's own file, Podman's, Docker's.
import type { Env } from '../config-directories.ts'
import type { RepositoryName } from '../hosts.ts'
import { type DockerRules, dockerRules } from './docker-daemon.ts'
import { podmanRules } from './podman-registries.ts'
import { ownRules } from './registries-file.ts'
import { applyRule, findRule, type RegistryRules, type RegistrySettings } from './registry-rules.ts'
import { withHint } from './settings-file.ts'

/** Finds the settings of a repository. Errors with `SETTINGS_INVALID` for unreadable files. */
export type FindSettings = (repository: RepositoryName) => Promise<RegistrySettings>

/**
 * The settings of repositories. The first source with a rule for a repository decides alone: this program's own file,
 * Podman's `registries.conf`, Docker's `daemon.json`. The files are read at the first request. `etc` is the directory
 * of the system's files.
 */
export function registrySettings(env: Env, etc = '/etc'): FindSettings {
  let sources: Promise<Sources> | undefined
  // The settings are cached, since each request needs them, and they may resolve a host.
  const known = new Map<string, Promise<RegistrySettings>>()
  const settingsOf = async (repository: RepositoryName): Promise<RegistrySettings> => {
    sources ??= readSources(env, etc)
    const all = await sources
    const settings = await find(repository, all)
    const mirrors = settings.mirrors.map(async (mirror) => {
      return mirror.transport ? mirror : { ...mirror, transport: (await find(mirror, all)).transport }
    })
    return { ...settings, mirrors: await Promise.all(mirrors) }
  }
  return ({ domain, path }) => {
    const name = `${domain}/${path}`
    const settings = known.get(name) ?? settingsOf({ domain, path })
    known.set(name, settings)
    return settings
  }
}

interface Sources {
  readonly own: RegistryRules
  readonly podman: RegistryRules
  readonly docker: DockerRules
}

const HINTS = {
  own: 'docs/registries.md describes the file; $TSBUILD_REGISTRIES can name another one',
  podman: 'see containers-registries.conf(5); $CONTAINERS_REGISTRIES_CONF can name another file',
  docker: "it is the file of Docker's daemon, which would refuse it, too",
}

async function readSources(env: Env, etc: string): Promise<Sources> {
  return {
    own: await withHint(HINTS.own, () => ownRules(env)),
    podman: await withHint(HINTS.podman, () => podmanRules(env, etc)),
    docker: await withHint(HINTS.docker, () => dockerRules(env, etc)),
  }
}

async function find(repository: RepositoryName, { own, podman, docker }: Sources): Promise<RegistrySettings> {
  const rule = findRule(own, repository) ?? findRule(podman, repository) ?? (await docker(repository))
  return applyRule(rule, repository)
}
