// Our own file: what the user says about single registries.
import { join } from 'node:path'
import { arrayAt, booleanAt, failWith, objectAt, optional, type Place, recordAt } from '../../oci/guard.ts'
import { configHome, type Env } from '../config-directories.ts'
import { toDomain } from '../hosts.ts'
import { locationAt, type MirrorRule, type RegistryRule, type RegistryRules } from './registry-rules.ts'
import { parseSettings, readSettings } from './settings-file.ts'

/**
 * The rules of the JSON file `$TSBUILD_REGISTRIES`, else `registries.json` in the directory `tsbuild` of the user's configuration. Errors
 * with `SETTINGS_INVALID` for a file that can't be read or has something unknown.
 */
export function ownRules(env: Env): RegistryRules {
  const given = env['TSBUILD_REGISTRIES']
  const path = given || join(configHome(env), 'tsbuild/registries.json')
  const file = readSettings(path, { required: Boolean(given) })
  if (!file) return new Map()
  const all = recordAt(parseSettings(file), file.place, parseRegistry)
  const rules = Object.entries(all).map(([name, rule]) => ({ ...rule, prefix: toDomain(name), file: path }))
  return new Map(rules.map((rule) => [rule.prefix, rule]))
}

const KEYS = ['plainHttp', 'insecure', 'mirrors']

function parseRegistry(value: unknown, place: Place): Omit<RegistryRule, 'prefix' | 'file'> {
  const object = objectAt(value, place)
  const unknown = Object.keys(object).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) {
    throw failWith(place, `has the unknown key ${JSON.stringify(unknown)}: there are ${KEYS.join(', ')}`)
  }
  const transport = {
    plainHttp: optional(object, 'plainHttp', place, booleanAt).plainHttp ?? false,
    insecure: optional(object, 'insecure', place, booleanAt).insecure ?? false,
  }
  const mirrors = optional(object, 'mirrors', place, (list, at) => arrayAt(list, at, parseMirror)).mirrors ?? []
  return { location: undefined, transport, mirrors, blocked: false }
}

const parseMirror = (value: unknown, place: Place): MirrorRule => ({ ...locationAt(value, place), pulls: 'all' })
