// Fetches bearer tokens from the server that a challenge names, for the scopes of a request (distribution-spec's
// token authentication).
import { TsbuildError } from '../../base/errors.ts'
import { readBody } from '../../http/read-body.ts'
import { safeURL } from '../../http/safe-url.ts'
import { excerpt, formatStatus } from '../../http/status-error.ts'
import type { HttpClient, HttpResponse } from '../../http/types.ts'
import { integerAt, type JsonLocation, objectAt, optional, stringAt } from '../../oci/guard.ts'
import { parseJson } from '../../oci/json.ts'
import type { Challenge } from './challenge.ts'
import type { Credentials } from './find-credentials.ts'

export interface Token {
  readonly value: string
  /** The time at which the token expires, in milliseconds since 1970. */
  readonly expires: number
}

export interface TokenRequest {
  readonly challenge: Challenge
  readonly scopes: readonly string[]
  readonly credentials: Credentials | undefined
  /** The origin of the registry, e.g. `https://ghcr.io`. */
  readonly registry: string
  readonly signal?: AbortSignal | undefined
}

const LIMIT = 1 << 20
/** The lifetime of a token whose response names none, in seconds. */
const DEFAULT_SECONDS = 60

/**
 * Fetches a token. Errors with `REGISTRY_AUTH` if it is denied, with `REGISTRY_INVALID` for a response without a
 * valid token, and as the client does.
 */
export async function fetchToken(http: HttpClient, request: TokenRequest): Promise<Token> {
  const { credentials } = request
  const realm = realmOf(request)
  const response = await (credentials?.kind === 'identity'
    ? exchange(http, realm, credentials.token, request)
    : ask(http, realm, request))
  if (response.status !== 200) throw await denied(response, request)
  const what = `the answer of ${safeURL(realm)}`
  return parseToken(await readBody(response, LIMIT), what, Date.now())
}

function ask(
  http: HttpClient,
  realm: URL,
  { challenge, scopes, credentials, signal }: TokenRequest,
): Promise<HttpResponse> {
  const url = new URL(realm)
  const service = challenge.parameters.get('service')
  if (service) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  if (credentials?.kind !== 'password') return http.request({ url, signal })
  url.searchParams.set('account', credentials.username)
  return http.request({ url, headers: { authorization: basic(credentials) }, signal })
}

/** Exchanges an identity token for a bearer token (RFC 6749, section 6). */
function exchange(
  http: HttpClient,
  url: URL,
  token: string,
  { challenge, scopes, signal }: TokenRequest,
): Promise<HttpResponse> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: token,
    service: challenge.parameters.get('service') ?? '',
    client_id: 'tsbuild',
    scope: scopes.join(' '),
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return http.request({ method: 'POST', url, headers, body: form.toString(), signal, idempotent: true })
}

/** The value of an Authorization header. */
export function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function realmOf({ challenge, registry }: TokenRequest): URL {
  const realm = challenge.parameters.get('realm') ?? ''
  const url = URL.canParse(realm) ? new URL(realm) : undefined
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new TsbuildError(
      'REGISTRY_INVALID',
      `${registry} asks for a token from ${JSON.stringify(realm)}, which is no URL`,
    )
  }
  if (url.protocol === 'http:' && registry.startsWith('https:')) {
    throw new TsbuildError(
      'REGISTRY_INVALID',
      `${registry} asks for a token from ${safeURL(url)}, which is not encrypted`,
      { hint: 'credentials are not sent there' },
    )
  }
  url.username = ''
  url.password = ''
  url.hash = ''
  return url
}

async function denied(response: HttpResponse, { scopes, credentials, registry }: TokenRequest): Promise<TsbuildError> {
  const said = await excerpt(response)
  const reason = `${formatStatus(response.status)}${said ? `: ${said}` : ''}`
  const wanted = scopes.length > 0 ? ` for ${scopes.join(' ')}` : ''
  const message = `${safeURL(response.url)} gives no token${wanted}: ${reason}`
  const code = [400, 401, 403].includes(response.status) ? 'REGISTRY_AUTH' : 'HTTP_STATUS'
  return new TsbuildError(code, message, { hint: credentialHint(registry, credentials, []) })
}

/** A hint: the credentials that a registry was sent, and what to try. */
export function credentialHint(
  registry: string,
  credentials: Credentials | undefined,
  problems: readonly string[],
): string {
  const host = new URL(registry).host
  const name = host === 'registry-1.docker.io' ? 'docker.io' : host
  const login = `tsbuild login${name === 'docker.io' ? '' : ` ${name}`}`
  const noted = problems.map((problem) => `; ${problem}`).join('')
  if (!credentials) return `there are no credentials for ${name}${noted}: try "${login}"`
  const who = credentials.kind === 'password' ? ` of user ${JSON.stringify(credentials.username)}` : ''
  return `the credentials${who} came from ${credentials.source}${noted}: check what they allow, or try "${login}"`
}

function parseToken(bytes: Uint8Array, what: string, now: number): Token {
  const location: JsonLocation = { code: 'REGISTRY_INVALID', what, path: '' }
  const object = objectAt(parseJson(bytes, 'REGISTRY_INVALID', what), location)
  const token =
    optional(object, 'token', location, stringAt).token ||
    optional(object, 'access_token', location, stringAt).access_token
  // The token must fit into a header.
  if (!token || !/^[\x21-\x7e]+$/.test(token)) throw new TsbuildError('REGISTRY_INVALID', `${what} has no token`)
  const seconds = optional(object, 'expires_in', location, integerAt).expires_in ?? DEFAULT_SECONDS
  return { value: token, expires: now + Math.max(seconds, 1) * 1000 }
}
