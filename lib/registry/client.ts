// Requests to registries, with the credentials that each asks for.
import { TsbuildError } from '../base/errors.ts'
import { openHttpClient } from '../http/client.ts'
import { type Wait, waitFor } from '../http/retry.ts'
import type { HttpClient, HttpRequest, HttpResponse } from '../http/types.ts'
import type { Env } from './config-directories.ts'
import { type Challenge, parseChallenges } from './credentials/challenge.ts'
import { type FoundCredentials, findCredentials } from './credentials/credentials.ts'
import { basic, credentialHint, fetchToken, type Token } from './credentials/tokens.ts'
import { findOrigin } from './find-origin.ts'
import { apiHost, type RepositoryName, type Transport } from './hosts.ts'
import { tlsOf } from './settings/host-tls.ts'
import { type FindSettings, registrySettings } from './settings/registry-settings.ts'

export interface RegistryOptions {
  /** Where credentials and proxies are looked for. Default `process.env`. */
  readonly env?: Env
  /** Sent as User-Agent. */
  readonly userAgent?: string
  /** Waits between attempts; tests pass their own. @internal */
  readonly wait?: Wait
  /** Told of what is tried again. */
  readonly onRetry?: (reason: string, milliseconds: number) => void
}

export interface RegistryRequest extends Omit<HttpRequest, 'url' | 'redirects' | 'allowDowngrade' | 'onRetry'> {
  readonly repository: RepositoryName
  /** Below `/v2/`, or a whole URL, which gets credentials only where it is the registry's own. */
  readonly path: string | URL
  readonly actions: 'pull' | 'pull,push'
  /** A second repository of the registry, to be read from: for mounts. */
  readonly from?: RepositoryName | undefined
}

/** Connections, tokens and credentials for any number of registries. */
export interface RegistryClient {
  /**
   * Sends a request, authenticated as the registry asks. Gives the last answer, whatever its status. Errors with `REGISTRY_AUTH` and
   * `REGISTRY_INVALID` where no token is to be had, `CREDENTIALS_INVALID`, `SETTINGS_INVALID`, `REGISTRY_BLOCKED`, and `HTTP_FAILED`.
   */
  request(request: RegistryRequest): Promise<HttpResponse>
  /** The registry's origin, e.g. `https://registry-1.docker.io`. */
  origin(repository: RepositoryName, signal?: AbortSignal): Promise<string>
  /** What is said about a repository. */
  readonly settings: FindSettings
  /** What a repository's registry was shown, and what to try: for hints. */
  explain(repository: RepositoryName): string
  readonly wait: Wait
  readonly onRetry: ((reason: string, milliseconds: number) => void) | undefined
  close(): Promise<void>
}

/** Opens a client. Nothing is read or connected before the first request. */
export function openRegistryClient(options: RegistryOptions = {}): RegistryClient {
  const env = options.env ?? process.env
  const wait = options.wait ?? waitFor
  const careless = new Set<string>()
  const open = (insecure: (host: string) => boolean): HttpClient =>
    openHttpClient({ env, tls: tlsOf(env, insecure), wait, userAgent: options.userAgent ?? 'tsbuild' })
  const state: State = {
    http: open(() => false),
    insecure: { http: open((host) => careless.has(host)), hosts: careless },
    env,
    settings: registrySettings(env),
    onRetry: options.onRetry,
    origins: new Map(),
    found: new Map(),
    auth: new Map(),
    shown: new Map(),
  }
  return {
    request: (request) => send(request, state),
    origin: async (repository, signal) => (await connect(repository, state, signal)).origin,
    settings: state.settings,
    explain: (repository) => explain(repository, state),
    wait,
    onRetry: options.onRetry,
    close: async () => {
      await Promise.all([state.http.close(), state.insecure.http.close()])
    },
  }
}

interface State {
  readonly http: HttpClient
  /** Connections of their own, where the certificates of these hosts don't count. */
  readonly insecure: { readonly http: HttpClient; readonly hosts: Set<string> }
  readonly env: Env
  readonly settings: FindSettings
  readonly onRetry: RegistryClient['onRetry']
  /** By domain and transport. */
  readonly origins: Map<string, Promise<string>>
  /** By repository. */
  readonly found: Map<string, Promise<FoundCredentials>>
  /** By domain and transport: how it wants to be asked. */
  readonly auth: Map<string, HostAuth>
  /** By domain: what the last request was sent with. */
  readonly shown: Map<string, FoundCredentials>
}

interface HostAuth {
  challenge: Challenge
  /** By credentials and scopes. */
  readonly tokens: Map<string, Promise<Token>>
}

/** A way to a registry. */
interface Connection {
  /** Of domain and transport. */
  readonly key: string
  readonly http: HttpClient
  readonly origin: string
}

/** A token that has less left than this is not used any more. */
const MARGIN = 10_000

async function send(request: RegistryRequest, state: State): Promise<HttpResponse> {
  const { repository, path, actions, from, ...rest } = request
  const connection = await connect(repository, state, request.signal)
  const { key, http, origin } = connection
  const url = typeof path === 'string' ? new URL(`/v2/${path}`, origin) : path
  const transmit = (authorization: string | undefined): Promise<HttpResponse> =>
    http.request({
      ...rest,
      url,
      resume: false,
      onRetry: state.onRetry,
      headers: { ...rest.headers, ...(authorization !== undefined && { authorization }) },
    })
  if (url.origin !== origin) return transmit(undefined)

  const known = state.auth.get(key)
  const first = known && (await authorization(request, known, connection, state, 'cached'))
  const response = await transmit(first)
  // Where a redirect led has no say in where credentials are sent.
  if (response.status !== 401 || new URL(response.url).origin !== origin) return response
  const challenge = chooseChallenge(response)
  if (!challenge) return response
  const auth: HostAuth = known ?? { challenge, tokens: new Map() }
  auth.challenge = challenge
  state.auth.set(key, auth)
  const second = await authorization(request, auth, connection, state, first === undefined ? 'cached' : 'new')
  if (second === undefined || second === first) return response
  await response.discard()
  return transmit(second)
}

function chooseChallenge(response: HttpResponse): Challenge | undefined {
  const challenges = parseChallenges(response.headers.get('www-authenticate') ?? '')
  return challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges.find(({ scheme }) => scheme === 'basic')
}

async function authorization(
  request: RegistryRequest,
  auth: HostAuth,
  { http, origin }: Connection,
  state: State,
  freshness: 'cached' | 'new',
): Promise<string | undefined> {
  const { repository, signal } = request
  const found = await credentialsFor(repository, state, signal)
  state.shown.set(repository.domain, found)
  const { credentials } = found
  if (credentials?.kind === 'bearer') return `Bearer ${credentials.token}`
  if (auth.challenge.scheme === 'basic') return credentials?.kind === 'password' ? basic(credentials) : undefined
  const scopes = scopesOf(request, auth.challenge)
  const key = JSON.stringify([credentials?.source ?? '', scopes])
  const cached = freshness === 'cached' ? await auth.tokens.get(key) : undefined
  if (cached && cached.expires - Date.now() > MARGIN) return `Bearer ${cached.value}`
  const fetched = fetchToken(http, { challenge: auth.challenge, scopes, credentials, registry: origin, signal })
  // Several requests at once wait for one token; a failure is not kept.
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

/** What the request needs, and what the registry says that it needs. */
function scopesOf({ repository, actions, from }: RegistryRequest, challenge: Challenge): readonly string[] {
  const own = repository.path === '' ? [] : [`repository:${repository.path}:${actions}`]
  const other = from && from.path !== repository.path ? [`repository:${from.path}:pull`] : []
  const asked = (challenge.parameters.get('scope') ?? '').split(' ').filter((scope) => {
    // Of repositories, the challenge of an earlier request may be kept here.
    return scope !== '' && (!scope.startsWith('repository:') || scope.startsWith(`repository:${repository.path}:`))
  })
  return [...new Set([...own, ...other, ...asked.filter((scope) => !covers(own[0], scope))])]
}

/** Whether a scope allows all that another asks for. */
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

function credentialsFor(repository: RepositoryName, state: State, signal?: AbortSignal): Promise<FoundCredentials> {
  const key = `${repository.domain}/${repository.path}`
  const found = state.found.get(key) ?? findCredentials(repository, state.env, signal)
  state.found.set(key, found)
  found.catch(() => state.found.delete(key))
  return found
}

async function connect(repository: RepositoryName, state: State, signal?: AbortSignal): Promise<Connection> {
  const { domain } = repository
  const transport = repository.transport ?? (await allowedTransport(repository, state))
  const key = `${domain} ${transport.plainHttp} ${transport.insecure}`
  if (transport.insecure) state.insecure.hosts.add(apiHost(domain))
  const http = transport.insecure ? state.insecure.http : state.http
  const found = state.origins.get(key) ?? findOrigin(domain, transport, http, signal)
  state.origins.set(key, found)
  found.catch(() => state.origins.delete(key))
  return { key, http, origin: await found }
}

async function allowedTransport(repository: RepositoryName, { settings }: State): Promise<Transport> {
  const { transport, blockedBy } = await settings(repository)
  if (blockedBy === undefined) return transport
  throw new TsbuildError('REGISTRY_BLOCKED', `${repository.domain}/${repository.path} is blocked in ${blockedBy}`, {
    hint: 'whoever wrote that wants nothing from there; use another registry',
  })
}

function explain(repository: RepositoryName, state: State): string {
  const shown = state.shown.get(repository.domain)
  const host = `https://${repository.domain}`
  return credentialHint(host, shown?.credentials, shown?.problems ?? [])
}
