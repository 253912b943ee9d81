// Podman's registries.conf (containers-registries.conf(5), version 2).
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { arrayAt, at, booleanAt, fail, failWith, objectAt, optional, type Place, stringAt } from '../../oci/guard.ts'
import { configHome, type Env } from '../config-directories.ts'
import { type Transport, toDomain } from '../hosts.ts'
import { parseToml } from './parse-toml.ts'
import { locationAt, type MirrorRule, type RegistryRule, type RegistryRules } from './registry-rules.ts'
import { readDropIns, readSettings, type SettingsFile } from './settings-file.ts'

/**
 * The rules that Podman goes by: of `$CONTAINERS_REGISTRIES_CONF`, else the user's file, else the system's, and of the directories
 * `registries.conf.d`, where a later file replaces what an earlier one says of a prefix. Errors with `SETTINGS_INVALID`.
 */
export async function podmanRules(env: Env, etc: string): Promise<RegistryRules> {
  const rules = new Map<string, RegistryRule>()
  for (const file of findFiles(env, etc)) for (const rule of await parseFile(file)) rules.set(rule.prefix, rule)
  return rules
}

function findFiles(env: Env, etc: string): readonly SettingsFile[] {
  const given = env['CONTAINERS_REGISTRIES_CONF']
  const own = join(configHome(env), 'containers')
  const system = join(etc, 'containers')
  const named = given ? readSettings(given, { required: true }) : undefined
  const users = named ? undefined : readSettings(join(own, 'registries.conf'))
  const file = named ?? users ?? readSettings(join(system, 'registries.conf'))
  // A user's own file leaves nothing of the system's.
  const directories = users ? [own] : [system, own]
  return [...(file ? [file] : []), ...directories.flatMap((place) => readDropIns(join(place, 'registries.conf.d')))]
}

async function parseFile({ path, text, place }: SettingsFile): Promise<readonly RegistryRule[]> {
  const object = objectAt(await parseToml(text, place.code, place.what), place)
  refuseVersion1(object, place)
  // The keys that are not read are about short names, which mean the same everywhere here, and about credentials.
  const { registry = [] } = optional(object, 'registry', place, (list, where) => arrayAt(list, where, parseRegistry))
  const rules = new Map<string, RegistryRule>()
  // Within a file, the first counts.
  for (const rule of registry) if (!rules.has(rule.prefix)) rules.set(rule.prefix, { ...rule, file: path })
  return [...rules.values()]
}

/** Its tables `registries.insecure` and `registries.block` can't be left out without a word; `registries.search` is about short names. */
function refuseVersion1(object: Readonly<Record<string, unknown>>, place: Place): void {
  if (object['registries'] === undefined) return
  const tables = objectAt(object['registries'], at(place, 'registries'))
  const used = ['insecure', 'block'].find((name) => tables[name] !== undefined)
  if (used === undefined) return
  const message = `${place.what}: registries.${used} is of version 1 of the format, which Podman has given up`
  throw new TsbuildError(place.code, message, { hint: 'write a [[registry]] with a location, and insecure or blocked' })
}

function parseRegistry(value: unknown, place: Place): Omit<RegistryRule, 'file'> {
  const object = objectAt(value, place)
  const transport = transportOf(object, place)
  const given = optional(object, 'prefix', place, prefixAt).prefix
  const isWildcard = given?.startsWith('*.') === true
  // All below a host may be left where it is.
  const { location } = optional(object, 'location', place, locationAt)
  if (!location && !isWildcard) throw fail(at(place, 'location'), 'a host or HOST/PATH', object['location'])
  const prefix = given ?? prefixAt(object['location'], at(place, 'location'))
  if (object['pull-from-mirror'] !== undefined) throw failWith(at(place, 'pull-from-mirror'), 'is for mirrors only')
  const key = 'mirror-by-digest-only'
  const digestOnly = optional(object, key, place, booleanAt)[key] ?? false
  const mirrors = optional(object, 'mirror', place, (list, where) =>
    arrayAt(list, where, (mirror, here) => parseMirror(mirror, here, digestOnly)),
  )
  const { blocked = false } = optional(object, 'blocked', place, booleanAt)
  return { prefix, location, transport, mirrors: mirrors.mirror ?? [], blocked }
}

const USAGE: ReadonlyMap<string, MirrorRule['pulls']> = new Map([
  ['all', 'all'],
  ['digest-only', 'digest'],
  ['tag-only', 'tag'],
] as const)

function parseMirror(value: unknown, place: Place, digestOnly: boolean): MirrorRule {
  const object = objectAt(value, place)
  const key = 'pull-from-mirror'
  const usage = optional(object, key, place, stringAt)[key]
  if (usage !== undefined && digestOnly) throw failWith(at(place, key), 'contradicts mirror-by-digest-only')
  const pulls = usage === undefined ? (digestOnly ? 'digest' : 'all') : USAGE.get(usage)
  if (!pulls) throw fail(at(place, key), [...USAGE.keys()].join(', '), usage)
  return { ...locationAt(object['location'], at(place, 'location')), pulls, transport: transportOf(object, place) }
}

function transportOf(object: Readonly<Record<string, unknown>>, place: Place): Transport {
  return { plainHttp: false, insecure: optional(object, 'insecure', place, booleanAt).insecure ?? false }
}

/** `HOST[:PORT][/PATH]` or `*.HOST`. A prefix that no name can have does no harm. */
function prefixAt(value: unknown, place: Place): string {
  const text = stringAt(value, place).replace(/\/+$/, '')
  if (text === '' || text.includes('://')) throw fail(place, 'HOST[/PATH] or *.HOST', text)
  if (/@|:[^/]*$/.test(text.slice(text.indexOf('/') + 1)) && text.includes('/')) {
    throw failWith(place, `has a tag or a digest, which is not supported: ${JSON.stringify(text)}`)
  }
  const slash = text.indexOf('/')
  return slash === -1 ? toDomain(text) : `${toDomain(text.slice(0, slash))}${text.slice(slash)}`
}
