// The Authorization header of a request: a password, or a token that is fetched, reused until it expires, and renewed.
import { TsbuildError } from '../../base/errors.ts'
import type { HttpClient } from '../../http/types.ts'
import type { RepositoryName } from '../hosts.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import { basic, credentialHint, fetchToken, type Token } from './fetch-token.ts'
import type { FoundCredentials } from './find-credentials.ts'

/** A token is renewed when it has less time left than this, in milliseconds. */
const MARGIN = 10_000

/** The way in which a registry wants requests to be authenticated, and the tokens that it gave. */
export interface HostAuth {
  challenge: Challenge
  /** Tokens by credentials and scopes. */
  readonly tokens: Map<string, Promise<Token>>
}

export interface AuthorizationRequest {
  readonly repository: RepositoryName
  readonly actions: 'pull' | 'pull,push'
  /** A second repository of the registry, which a mount reads from. */
  readonly from: RepositoryName | undefined
  readonly found: FoundCredentials
  readonly http: HttpClient
  readonly origin: string
  /** Fetch a new token, since the registry refused the one that is cached. */
  readonly renew: boolean
  readonly signal: AbortSignal | undefined
}

/** The challenge of a 401 response to answer: a bearer token is preferred to a password. */
export function chooseChallenge(header: string): Challenge | undefined {
  const challenges = parseChallenges(header)
  return challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges.find(({ scheme }) => scheme === 'basic')
}

/** The header's value; undefined to send none. Errors as fetchToken() does. */
export async function authorization(auth: HostAuth, request: AuthorizationRequest): Promise<string | undefined> {
  const { found, http, origin, renew, signal } = request
  const { credentials } = found
  if (credentials?.kind === 'bearer') return `Bearer ${credentials.token}`
  if (auth.challenge.scheme === 'basic') return credentials?.kind === 'password' ? basic(credentials) : undefined
  const scopes = scopesOf(request, auth.challenge)
  const key = JSON.stringify([credentials?.source ?? '', scopes])
  const cached = renew ? undefined : await auth.tokens.get(key)
  if (cached && cached.expires - Date.now() > MARGIN) return `Bearer ${cached.value}`
  const fetched = fetchToken(http, { challenge: auth.challenge, scopes, credentials, registry: origin, signal })
  // Concurrent requests share one fetch. A failed fetch is forgotten.
  auth.tokens.set(key, fetched)
  try {
    return `Bearer ${(await fetched).value}`
  } catch (error) {
    auth.tokens.delete(key)
    throw withProblems(error, found, origin)
  }
}

function withProblems(error: unknown, { credentials, problems }: FoundCredentials, origin: string): unknown {
  if (!(error instanceof TsbuildError) || problems.length === 0 || error.code !== 'REGISTRY_AUTH') return error
  return error.with({ hint: credentialHint(origin, credentials, problems) })
}

/** The scopes that the request needs, and those that the registry's challenge names. */
function scopesOf(
  { repository, actions, from }: Pick<AuthorizationRequest, 'repository' | 'actions' | 'from'>,
  challenge: Challenge,
): readonly string[] {
  const own = repository.path === '' ? [] : [`repository:${repository.path}:${actions}`]
  const other = from && from.path !== repository.path ? [`repository:${from.path}:pull`] : []
  const asked = (challenge.parameters.get('scope') ?? '').split(' ').filter((scope) => {
    // The challenge may be that of an earlier request, for another repository.
    return scope !== '' && (!scope.startsWith('repository:') || scope.startsWith(`repository:${repository.path}:`))
  })
  return [...new Set([...own, ...other, ...asked.filter((scope) => !covers(own[0], scope))])]
}

/** Whether a scope allows everything that another one asks for. */
function covers(own: string | undefined, asked: string): boolean {
  if (own === undefined) return false
  const cut = own.lastIndexOf(':') + 1
  const actions = own.slice(cut).split(',')
  return (
    asked.startsWith(own.slice(0, cut)) &&
    asked
      .slice(cut)
      .split(',')
      .every((action) => actions.includes(action))
  )
}
