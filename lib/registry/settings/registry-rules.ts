// What is said about registries, whoever says it: rules for prefixes of names.
import { TsbuildError } from '../../base/errors.ts'
import { fail, type Place, stringAt } from '../../oci/guard.ts'
import { parseReference } from '../../oci/reference.ts'
import { type RepositoryName, SECURE, type Transport, toDomain } from '../hosts.ts'

export interface RegistryRule {
  /** `HOST[:PORT][/PATH]`, or `*.HOST` for all below a host. */
  readonly prefix: string
  /** What stands for the prefix when pulling: a host, or a host and a path. Undefined: the prefix itself. */
  readonly location: RepositoryName | undefined
  readonly transport: Transport
  /** Asked before, in this order. Their `transport` is undefined where it is what is said of them elsewhere. */
  readonly mirrors: readonly MirrorRule[]
  readonly blocked: boolean
  /** The file that has it. */
  readonly file: string
}

export interface MirrorRule extends RepositoryName {
  /** Which references it is asked for. */
  readonly pulls: 'all' | 'digest' | 'tag'
}

/** The rules of one source, by prefix. */
export type RegistryRules = ReadonlyMap<string, RegistryRule>

/** What applies to one repository. */
export interface RegistrySettings {
  readonly transport: Transport
  /** Where it is pulled from. */
  readonly location: RepositoryName
  readonly mirrors: readonly MirrorRule[]
  /** The file that forbids to ask the registry. */
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

/** What a rule, or none, says of a repository. Errors with `SETTINGS_INVALID` for a location that leaves no name. */
export function applyRule(rule: RegistryRule | undefined, repository: RepositoryName): RegistrySettings {
  const rest = rule && restBelow(rule.prefix, repository)
  if (!rule || rest === undefined) return { transport: SECURE, location: repository, mirrors: [], blockedBy: undefined }
  const { transport, location, mirrors, blocked, file } = rule
  const blockedBy = blocked ? file : undefined
  // The registry itself, to log in: it has no other place.
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

/** What a repository's name has after a prefix: nothing, or a path that begins with a slash. Undefined where it has another prefix. */
function restBelow(prefix: string, { domain, path }: RepositoryName): string | undefined {
  if (prefix.startsWith('*.')) return domain.endsWith(prefix.slice(1)) ? `/${path}` : undefined
  const name = `${domain}/${path}`
  return name === prefix || name.startsWith(`${prefix}/`) ? name.slice(prefix.length) : undefined
}

/** `HOST[:PORT][/PATH]` from a file. */
export function locationAt(value: unknown, place: Place): RepositoryName {
  const text = stringAt(value, place).replace(/\/+$/, '')
  const slash = text.indexOf('/')
  const host = slash === -1 ? text : text.slice(0, slash)
  const path = slash === -1 ? '' : text.slice(slash + 1)
  const domain = toDomain(host)
  // What is parsed as another registry's name would be asked there. Below Docker Hub, one part alone would become `library/…`.
  const below = path === '' ? 'x/x' : `${path}/x`
  const parsed = /^[^/@]+$/.test(host) ? tryParse(`${host}/${below}`) : undefined
  if (parsed?.domain === domain && parsed.path === below) return { domain, path }
  throw fail(place, 'a host or HOST/PATH', text)
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
