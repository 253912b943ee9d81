// What the user says about single registries: plain HTTP, unchecked certificates, mirrors.

import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { TsbuildError } from '../errors.ts'
import { arrayAt, booleanAt, failWith, objectAt, optional, type Place, recordAt, stringAt } from '../oci/guard.ts'
import { parseJson } from '../oci/json.ts'
import { parseReference } from '../oci/reference.ts'
import type { Env } from './auth-files.ts'
import { type RepositoryName, toDomain } from './hosts.ts'

export interface RegistrySettings {
  /** Speaks http:, not https:. */
  readonly plainHttp: boolean
  /** Its certificate is not checked. */
  readonly insecure: boolean
  /** Asked before it, in this order: hosts, or hosts and the path below which they have its repositories. */
  readonly mirrors: readonly RepositoryName[]
}

const NOTHING: RegistrySettings = { plainHttp: false, insecure: false, mirrors: [] }

/**
 * The settings of each registry, from the JSON file `$TSBUILD_REGISTRIES`, else `registries.json` in the directory `tsbuild` of the user's
 * configuration, read when it is first asked. Errors with `OPTION_INVALID` for a file that can't be read or has something unknown.
 */
export function registrySettings(env: Env): (domain: string) => RegistrySettings {
  let file: ReadonlyMap<string, RegistrySettings> | undefined
  return (domain) => {
    file ??= readFile(env)
    return file.get(domain) ?? NOTHING
  }
}

function readFile(env: Env): ReadonlyMap<string, RegistrySettings> {
  const given = env['TSBUILD_REGISTRIES']
  const config = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config')
  const path = given || join(config, 'tsbuild/registries.json')
  const what = JSON.stringify(path)
  const bytes = read(path, what, given !== undefined && given !== '')
  if (!bytes) return new Map()
  const place: Place = { code: 'OPTION_INVALID', what, path: '' }
  const all = recordAt(parseJson(bytes, place.code, what), place, parseSettings)
  return new Map(Object.entries(all).map(([name, settings]) => [toDomain(name), settings]))
}

function read(path: string, what: string, required: boolean): Uint8Array | undefined {
  try {
    return readFileSync(path)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (!required && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined
    throw new TsbuildError('OPTION_INVALID', `${what} can't be read: ${code}`, { cause })
  }
}

const KEYS = ['plainHttp', 'insecure', 'mirrors']

function parseSettings(value: unknown, place: Place): RegistrySettings {
  const object = objectAt(value, place)
  const unknown = Object.keys(object).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) {
    throw failWith(place, `has the unknown key ${JSON.stringify(unknown)}: there are ${KEYS.join(', ')}`)
  }
  return {
    plainHttp: optional(object, 'plainHttp', place, booleanAt).plainHttp ?? false,
    insecure: optional(object, 'insecure', place, booleanAt).insecure ?? false,
    mirrors: optional(object, 'mirrors', place, (list, at) => arrayAt(list, at, parseMirror)).mirrors ?? [],
  }
}

function parseMirror(value: unknown, place: Place): RepositoryName {
  const text = stringAt(value, place).replace(/\/$/, '')
  const slash = text.indexOf('/')
  const domain = slash === -1 ? text : text.slice(0, slash)
  const path = slash === -1 ? '' : text.slice(slash + 1)
  // What is parsed as another registry's name would be asked there.
  const parsed = /^[^/@]+$/.test(domain) ? tryParse(`${domain}/${path || 'x'}`) : undefined
  if (parsed?.domain === domain && parsed.path === (path || 'x')) return { domain, path }
  throw failWith(place, `must be a host or HOST/PATH, got ${JSON.stringify(text)}`)
}

function tryParse(text: string): RepositoryName | undefined {
  try {
    const { domain, path, tag, digest } = parseReference(text)
    return tag || digest ? undefined : { domain, path }
  } catch (error) {
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}
