// Reads `registry-mirrors` and `insecure-registries` from daemon.json, the configuration of Docker's daemon.
import { lookup } from 'node:dns/promises'
import { join } from 'node:path'
import { errnoOf } from '../../base/errno.ts'
import { isInNetwork } from '../../http/network.ts'
import { arrayAt, fail, type JsonLocation, objectAt, optional, stringAt, stringsAt } from '../../oci/guard.ts'
import { configHome, dockerConfig, type Env } from '../config-directories.ts'
import { type RepositoryName, SECURE, type Transport, toDomain } from '../hosts.ts'
import { locationAt, type MirrorRule, type RegistryRule } from './registry-rules.ts'
import { parseSettings, readSettings } from './settings-file.ts'

/** Finds the rule of Docker's daemon for a repository; undefined if the defaults apply. */
export type DockerRules = (repository: RepositoryName) => Promise<RegistryRule | undefined>

/**
 * Reads the first of `$DOCKER_CONFIG/daemon.json` (default `~/.docker/daemon.json`), rootless Docker's file and the
 * system's that exists. Errors with `SETTINGS_INVALID`.
 */
export function dockerRules(env: Env, etc: string): DockerRules {
  const file =
    readSettings(join(dockerConfig(env), 'daemon.json')) ??
    readSettings(join(configHome(env), 'docker/daemon.json')) ??
    readSettings(join(etc, 'docker/daemon.json'), { system: true })
  // The daemon treats an empty file as no file.
  if (!file || file.text.trim() === '') return async () => undefined
  const { location, path } = file
  const object = objectAt(parseSettings(file), location)
  const insecure = optional(object, 'insecure-registries', location, stringsAt)['insecure-registries'] ?? []
  const hosts = new Set(insecure.map(toDomain))
  const networks = insecure.filter((entry) => entry.includes('/') && !entry.includes('://'))
  const read = (list: unknown, where: JsonLocation): readonly MirrorRule[] =>
    arrayAt(list, where, (item, here) => parseMirror(item, here, hosts))
  const mirrors = optional(object, 'registry-mirrors', location, read)['registry-mirrors'] ?? []
  const rule = { location: undefined, blocked: false, file: path }
  return async ({ domain }) => {
    if (domain === 'docker.io') return { ...rule, prefix: domain, transport: SECURE, mirrors }
    if (!hosts.has(domain) && !(await isInside(domain, networks))) return undefined
    return { ...rule, prefix: domain, transport: INSECURE, mirrors: [] }
  }
}

const INSECURE: Transport = { plainHttp: false, insecure: true }

/** Parses a mirror, which is the URL of a host, without a path. */
function parseMirror(value: unknown, location: JsonLocation, insecure: ReadonlySet<string>): MirrorRule {
  const text = stringAt(value, location)
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHost = url && url.pathname === '/' && `${url.search}${url.hash}${url.username}${url.password}` === ''
  if (!isHost || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw fail(location, 'http://HOST or https://HOST', text.replace(/\/\/[^/]*@/, '//…@'))
  }
  const { domain } = locationAt(
    /^\[|[.:]|^localhost$/.test(url.host) ? url.host : `${url.host}:${portOf(url)}`,
    location,
  )
  return {
    domain,
    path: '',
    pulls: 'all',
    transport: { plainHttp: url.protocol === 'http:', insecure: insecure.has(domain) },
  }
}

/** The port makes the host parse as a domain even if it has no dot. */
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
    // The request to the host reports the failure. Behind a proxy the host need not resolve.
    if (errnoOf(error) !== undefined) return []
    throw error
  }
}
