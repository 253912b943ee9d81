// The daemon.json of Docker's daemon: its `registry-mirrors` and `insecure-registries`.
import { lookup } from 'node:dns/promises'
import { join } from 'node:path'
import { errnoOf } from '../../base/errno.ts'
import { isInNetwork } from '../../http/network.ts'
import { arrayAt, fail, objectAt, optional, type Place, stringAt, stringsAt } from '../../oci/guard.ts'
import { configHome, dockerConfig, type Env } from '../config-directories.ts'
import { type RepositoryName, SECURE, type Transport, toDomain } from '../hosts.ts'
import { locationAt, type MirrorRule, type RegistryRule } from './registry-rules.ts'
import { parseSettings, readSettings } from './settings-file.ts'

/** What Docker's daemon does with a repository, where that is anything special. */
export type DockerRules = (repository: RepositoryName) => Promise<RegistryRule | undefined>

/**
 * Reads the first that is there of `$DOCKER_CONFIG/daemon.json`, else `~/.docker/daemon.json`, then rootless Docker's, then the system's.
 * Errors with `SETTINGS_INVALID`.
 */
export function dockerRules(env: Env, etc: string): DockerRules {
  const file =
    readSettings(join(dockerConfig(env), 'daemon.json')) ??
    readSettings(join(configHome(env), 'docker/daemon.json')) ??
    readSettings(join(etc, 'docker/daemon.json'), { system: true })
  // The daemon takes an empty file for none.
  if (!file || file.text.trim() === '') return async () => undefined
  const { place, path } = file
  const object = objectAt(parseSettings(file), place)
  const insecure = optional(object, 'insecure-registries', place, stringsAt)['insecure-registries'] ?? []
  const hosts = new Set(insecure.map(toDomain))
  const networks = insecure.filter((entry) => entry.includes('/') && !entry.includes('://'))
  const read = (list: unknown, where: Place): readonly MirrorRule[] =>
    arrayAt(list, where, (item, here) => parseMirror(item, here, hosts))
  const mirrors = optional(object, 'registry-mirrors', place, read)['registry-mirrors'] ?? []
  const rule = { location: undefined, blocked: false, file: path }
  return async ({ domain }) => {
    if (domain === 'docker.io') return { ...rule, prefix: domain, transport: SECURE, mirrors }
    if (!hosts.has(domain) && !(await isInside(domain, networks))) return undefined
    return { ...rule, prefix: domain, transport: INSECURE, mirrors: [] }
  }
}

const INSECURE: Transport = { plainHttp: false, insecure: true }

/** Mirrors are URLs, and whole hosts. */
function parseMirror(value: unknown, place: Place, insecure: ReadonlySet<string>): MirrorRule {
  const text = stringAt(value, place)
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHost = url && url.pathname === '/' && `${url.search}${url.hash}${url.username}${url.password}` === ''
  if (!isHost || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw fail(place, 'http://HOST or https://HOST', text.replace(/\/\/[^/]*@/, '//…@'))
  }
  const { domain } = locationAt(/^\[|[.:]|^localhost$/.test(url.host) ? url.host : `${url.host}:${portOf(url)}`, place)
  return {
    domain,
    path: '',
    pulls: 'all',
    transport: { plainHttp: url.protocol === 'http:', insecure: insecure.has(domain) },
  }
}

/** A host without a dot is taken for one only with a port. */
const portOf = ({ protocol }: URL): string => (protocol === 'http:' ? '80' : '443')

async function isInside(domain: string, networks: readonly string[]): Promise<boolean> {
  if (networks.length === 0) return false
  const host = domain.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  const addresses = await addressesOf(host)
  return networks.some((network) => addresses.some((address) => isInNetwork(address, network)))
}

async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (error) {
    // It will be told when the host is asked; behind a proxy it need not be known.
    if (errnoOf(error) !== undefined) return []
    throw error
  }
}
