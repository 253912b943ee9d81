// Rules for prefixes of image names, from any source.
import { TsbuildError } from '../../base/errors.ts'
import { fail, type JsonLocation, stringAt } from '../../oci/guard.ts'
import { parseReference } from '../../oci/reference.ts'
import { type RepositoryName, SECURE, type Transport, toDomain } from '../hosts.ts'

export interface RegistryRule {
  /** `HOST[:PORT][/PATH]`, or `*.HOST` for all subdomains. */
  readonly prefix: string
  /** The host, or host and path, that replaces the prefix for pulls. Undefined: the prefix itself. */
  readonly location: RepositoryName | undefined
  readonly transport: Transport
  /** The mirrors to ask first, in this order. Their `transport` is undefined if other rules decide it. */
  readonly mirrors: readonly MirrorRule[]
  readonly blocked: boolean
  /** The file that has the rule. */
  readonly file: string
}

export interface MirrorRule extends RepositoryName {
  /** The references that the mirror is asked for. */
  readonly pulls: 'all' | 'digest' | 'tag'
}

/** The rules of one source, by prefix. */
export type RegistryRules = ReadonlyMap<string, RegistryRule>

/** The settings of one repository. */
export interface RegistrySettings {
  readonly transport: Transport
  /** The location that it is pulled from. */
  readonly location: RepositoryName
  readonly mirrors: readonly MirrorRule[]
  /** The file that blocks the registry. */
  readonly blockedBy: string | undefined
}

/** The rule with the longest prefix of the repository's name. */
export function findRule(rules: RegistryRules, repository: RepositoryName): RegistryRule | undefined {
  let found: RegistryRule | undefined
  for (const rule of rules.values()) {
    const longer = !found || rule.prefix.length > found.prefix.length
    if (longer && restBelow(rule.prefix, repository) !== undefined) found = rule
  }
  return found
}

/**
 * The settings that a rule, or no rule, gives a repository. Errors with `SETTINGS_INVALID` for a location that leaves
 * no name.
 */
export function applyRule(rule: RegistryRule | undefined, repository: RepositoryName): RegistrySettings {
  const rest = rule && restBelow(rule.prefix, repository)
  if (!rule || rest === undefined) return { transport: SECURE, location: repository, mirrors: [], blockedBy: undefined }
  const { transport, location, mirrors, blocked, file } = rule
  const blockedBy = blocked ? file : undefined
  // A registry itself, for a login, has no other location.
  if (repository.path === '') return { transport, location: repository, mirrors: [], blockedBy }
  const moved = (base: RepositoryName): RepositoryName => {
    const path = `${base.path}${rest}`.replace(/^\//, '')
    if (path !== '') return { ...base, path }
    const name = `${repository.domain}/${repository.path}`
    throw new TsbuildError('SETTINGS_INVALID', `${file}: ${base.domain} for ${rule.prefix} leaves no name of ${name}`, {
      hint: 'write HOST/PATH as its location',
    })
  }
  return {
    transport,
    location: location ? { ...moved(location), transport } : repository,
    mirrors: mirrors.map((mirror) => ({ ...mirror, ...moved(mirror) })),
    blockedBy,
  }
}

/**
 * The part of a repository's name after a prefix: empty, or a path that begins with a slash. Undefined if the name
 * has another prefix.
 */
function restBelow(prefix: string, { domain, path }: RepositoryName): string | undefined {
  if (prefix.startsWith('*.')) return domain.endsWith(prefix.slice(1)) ? `/${path}` : undefined
  const name = `${domain}/${path}`
  return name === prefix || name.startsWith(`${prefix}/`) ? name.slice(prefix.length) : undefined
}

/** Parses `HOST[:PORT][/PATH]` from a file. */
export function locationAt(value: unknown, location: JsonLocation): RepositoryName {
  const text = stringAt(value, location).replace(/\/+$/, '')
  const slash = text.indexOf('/')
  const host = slash === -1 ? text : text.slice(0, slash)
  const path = slash === -1 ? '' : text.slice(slash + 1)
  const domain = toDomain(host)
  // A text that parses as another registry's name would be sent there. Below Docker Hub, a single component would
  // become `library/…`.
  const below = path === '' ? 'x/x' : `${path}/x`
  const parsed = /^[^/@]+$/.test(host) ? tryParse(`${host}/${below}`) : undefined
  if (parsed?.domain === domain && parsed.path === below) return { domain, path }
  throw fail(location, 'a host or HOST/PATH', text)
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
