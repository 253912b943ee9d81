// Reads this program's own settings of registries.
import { join } from 'node:path'
import { arrayAt, booleanAt, failWith, type JsonLocation, objectAt, optional, recordAt } from '../../oci/guard.ts'
import { configHome, type Env } from '../config-directories.ts'
import { toDomain } from '../hosts.ts'
import { locationAt, type MirrorRule, type RegistryRule, type RegistryRules } from './registry-rules.ts'
import { parseSettings, readSettings } from './settings-file.ts'

/**
 * The rules of the JSON file `$TSBUILD_REGISTRIES`, else `tsbuild/registries.json` in the user's configuration
 * directory. Errors with `SETTINGS_INVALID` for an unreadable file and for unknown keys.
 */
export function ownRules(env: Env): RegistryRules {
  const given = env['TSBUILD_REGISTRIES']
  const path = given || join(configHome(env), 'tsbuild/registries.json')
  const file = readSettings(path, { required: Boolean(given) })
  if (!file) return new Map()
  const all = recordAt(parseSettings(file), file.location, parseRegistry)
  const rules = Object.entries(all).map(([name, rule]) => ({ ...rule, prefix: toDomain(name), file: path }))
  return new Map(rules.map((rule) => [rule.prefix, rule]))
}

const KEYS = ['plainHttp', 'insecure', 'mirrors']

function parseRegistry(value: unknown, location: JsonLocation): Omit<RegistryRule, 'prefix' | 'file'> {
  const object = objectAt(value, location)
  const unknown = Object.keys(object).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) {
    throw failWith(location, `has the unknown key ${JSON.stringify(unknown)}: there are ${KEYS.join(', ')}`)
  }
  const transport = {
    plainHttp: optional(object, 'plainHttp', location, booleanAt).plainHttp ?? false,
    insecure: optional(object, 'insecure', location, booleanAt).insecure ?? false,
  }
  const mirrors = optional(object, 'mirrors', location, (list, at) => arrayAt(list, at, parseMirror)).mirrors ?? []
  return { location: undefined, transport, mirrors, blocked: false }
}

const parseMirror = (value: unknown, location: JsonLocation): MirrorRule => ({
  ...locationAt(value, location),
  pulls: 'all',
})
