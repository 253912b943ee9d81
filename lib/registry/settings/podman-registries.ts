// Reads Podman's registries.conf (containers-registries.conf(5), version 2).
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import {
  arrayAt,
  at,
  booleanAt,
  fail,
  failWith,
  type JsonLocation,
  objectAt,
  optional,
  stringAt,
} from '../../oci/guard.ts'
import { configHome, type Env } from '../config-directories.ts'
import { type Transport, toDomain } from '../hosts.ts'
import { parseToml } from './parse-toml.ts'
import { locationAt, type MirrorRule, type RegistryRule, type RegistryRules } from './registry-rules.ts'
import { readDropIns, readSettings, type SettingsFile } from './settings-file.ts'

/**
 * Podman's rules: from `$CONTAINERS_REGISTRIES_CONF`, else the user's file, else the system's, and from the
 * directories `registries.conf.d`, where a later file replaces the rule of an earlier one for the same prefix. Errors
 * with `SETTINGS_INVALID`.
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
  // A user's own file replaces the system's directory, too.
  const directories = users ? [own] : [system, own]
  return [
    ...(file ? [file] : []),
    ...directories.flatMap((directory) => readDropIns(join(directory, 'registries.conf.d'))),
  ]
}

async function parseFile({ path, text, location }: SettingsFile): Promise<readonly RegistryRule[]> {
  const object = objectAt(await parseToml(text, location.code, location.what), location)
  refuseVersion1(object, location)
  // The other keys are about credentials, and about short names, which always mean Docker Hub here.
  const { registry = [] } = optional(object, 'registry', location, (list, listLocation) =>
    arrayAt(list, listLocation, parseRegistry),
  )
  const rules = new Map<string, RegistryRule>()
  // Within a file, the first rule for a prefix counts.
  for (const rule of registry) if (!rules.has(rule.prefix)) rules.set(rule.prefix, { ...rule, file: path })
  return [...rules.values()]
}

/**
 * Errors for the tables `registries.insecure` and `registries.block` of version 1, which must not be ignored
 * silently. `registries.search` is about short names.
 */
function refuseVersion1(object: Readonly<Record<string, unknown>>, location: JsonLocation): void {
  if (object['registries'] === undefined) return
  const tables = objectAt(object['registries'], at(location, 'registries'))
  const used = ['insecure', 'block'].find((name) => tables[name] !== undefined)
  if (used === undefined) return
  const message = `${location.what}: registries.${used} is of version 1 of the format, which Podman has given up`
  throw new TsbuildError(location.code, message, {
    hint: 'write a [[registry]] with a location, and insecure or blocked',
  })
}

function parseRegistry(value: unknown, location: JsonLocation): Omit<RegistryRule, 'file'> {
  const object = objectAt(value, location)
  const transport = transportOf(object, location)
  const given = optional(object, 'prefix', location, prefixAt).prefix
  const isWildcard = given?.startsWith('*.') === true
  // A wildcard prefix needs no location: its repositories stay at their own hosts.
  const { location: endpoint } = optional(object, 'location', location, locationAt)
  if (!endpoint && !isWildcard) throw fail(at(location, 'location'), 'a host or HOST/PATH', object['location'])
  const prefix = given ?? prefixAt(object['location'], at(location, 'location'))
  if (object['pull-from-mirror'] !== undefined) throw failWith(at(location, 'pull-from-mirror'), 'is for mirrors only')
  const key = 'mirror-by-digest-only'
  const digestOnly = optional(object, key, location, booleanAt)[key] ?? false
  const mirrors = optional(object, 'mirror', location, (list, listLocation) =>
    arrayAt(list, listLocation, (mirror, itemLocation) => parseMirror(mirror, { location: itemLocation, digestOnly })),
  )
  const { blocked = false } = optional(object, 'blocked', location, booleanAt)
  return { prefix, location: endpoint, transport, mirrors: mirrors.mirror ?? [], blocked }
}

const USAGE: ReadonlyMap<string, MirrorRule['pulls']> = new Map([
  ['all', 'all'],
  ['digest-only', 'digest'],
  ['tag-only', 'tag'],
] as const)

function parseMirror(
  value: unknown,
  { location, digestOnly }: { readonly location: JsonLocation; readonly digestOnly: boolean },
): MirrorRule {
  const object = objectAt(value, location)
  const key = 'pull-from-mirror'
  const usage = optional(object, key, location, stringAt)[key]
  if (usage !== undefined && digestOnly) throw failWith(at(location, key), 'contradicts mirror-by-digest-only')
  const pulls = usage === undefined ? (digestOnly ? 'digest' : 'all') : USAGE.get(usage)
  if (!pulls) throw fail(at(location, key), [...USAGE.keys()].join(', '), usage)
  return {
    ...locationAt(object['location'], at(location, 'location')),
    pulls,
    transport: transportOf(object, location),
  }
}

function transportOf(object: Readonly<Record<string, unknown>>, location: JsonLocation): Transport {
  return { plainHttp: false, insecure: optional(object, 'insecure', location, booleanAt).insecure ?? false }
}

/** Parses `HOST[:PORT][/PATH]` or `*.HOST`. A prefix that no name can have is harmless. */
function prefixAt(value: unknown, location: JsonLocation): string {
  const text = stringAt(value, location).replace(/\/+$/, '')
  if (text === '' || text.includes('://')) throw fail(location, 'HOST[/PATH] or *.HOST', text)
  if (/@|:[^/]*$/.test(text.slice(text.indexOf('/') + 1)) && text.includes('/')) {
    throw failWith(location, `has a tag or a digest, which is not supported: ${JSON.stringify(text)}`)
  }
  const slash = text.indexOf('/')
  return slash === -1 ? toDomain(text) : `${toDomain(text.slice(0, slash))}${text.slice(slash)}`
}
