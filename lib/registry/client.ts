// Sends requests to registries, with the credentials that each registry asks for.
import { TsbuildError } from '../base/errors.ts'
import { openHttpClient } from '../http/client.ts'
import { type Wait, waitFor } from '../http/retry-delay.ts'
import type { Fetch, HttpClient, HttpRequest, HttpResponse } from '../http/types.ts'
import type { Env } from './config-directories.ts'
import { authorization, type HostAuth } from './credentials/authorization.ts'
import { askProvider, type CredentialProvider } from './credentials/credential-provider.ts'
import { credentialHint } from './credentials/fetch-token.ts'
import { type FoundCredentials, findCredentials } from './credentials/find-credentials.ts'
import { sendAuthorized } from './credentials/send-authorized.ts'
import { findOrigin } from './find-origin.ts'
import { apiHost, type RepositoryName, type Transport } from './hosts.ts'
import { tlsOf } from './settings/host-tls.ts'
import { type FindSettings, registrySettings } from './settings/registry-settings.ts'

export type { Fetch } from '../http/types.ts'

export interface RegistryOptions {
  /** The environment that names credential files and proxies. Default `process.env`. */
  readonly env?: Env | undefined
  /** Finds credentials. With it, no credential file is read and no credential helper runs. */
  readonly credentials?: CredentialProvider | undefined
  /**
   * Sends every request, in place of connections of this program's own, e.g. through an agent or to a registry in
   * memory. Redirects are still followed here, so that credentials reach no other origin.
   */
  readonly fetch?: Fetch | undefined
  /** The User-Agent header. Default `tsbuild`. */
  readonly userAgent?: string | undefined
  /** Waits between attempts; tests pass their own. @internal */
  readonly wait?: Wait
  /** Called before each retry, with its reason and the wait before it. */
  readonly onRetry?: ((reason: string, milliseconds: number) => void) | undefined
}

export interface RegistryRequest extends Omit<HttpRequest, 'url' | 'redirects' | 'allowDowngrade' | 'onRetry'> {
  readonly repository: RepositoryName
  /** A path below `/v2/`, or a whole URL. A URL of another origin gets no credentials. */
  readonly path: string | URL
  readonly actions: 'pull' | 'pull,push'
  /** A second repository of the registry, which a mount reads from. */
  readonly from?: RepositoryName | undefined
}

/** Connections, tokens and credentials for any number of registries. */
export interface RegistryClient {
  /**
   * Sends a request, authenticated as the registry asks. Returns the last response, whatever its status. Errors with
   * `REGISTRY_AUTH` and `REGISTRY_INVALID` if no token can be fetched, with `CREDENTIALS_INVALID`, `SETTINGS_INVALID`,
   * `REGISTRY_BLOCKED`, and `HTTP_FAILED`.
   */
  request(request: RegistryRequest): Promise<HttpResponse>
  /** The registry's origin, e.g. `https://registry-1.docker.io`. */
  origin(repository: RepositoryName, signal?: AbortSignal): Promise<string>
  /** The settings of a repository: mirrors, transport, whether it is blocked. */
  readonly settings: FindSettings
  /** A hint: the credentials that a repository's registry was sent, and what to try. */
  explain(repository: RepositoryName): string
  readonly wait: Wait
  readonly onRetry: ((reason: string, milliseconds: number) => void) | undefined
  close(): Promise<void>
}

/** Opens a client. Nothing is read or connected before the first request. */
export function openRegistryClient(options: RegistryOptions = {}): RegistryClient {
  const env = options.env ?? process.env
  const wait = options.wait ?? waitFor
  const unchecked = new Set<string>()
  const open = (insecure: (host: string) => boolean): HttpClient =>
    openHttpClient({
      env,
      tls: tlsOf(env, insecure),
      fetch: options.fetch,
      wait,
      userAgent: options.userAgent ?? 'tsbuild',
    })
  const state: ClientState = {
    http: open(() => false),
    insecure: { http: open((host) => unchecked.has(host)), hosts: unchecked },
    findCredentials: (repository, signal) =>
      options.credentials ? askProvider(options.credentials, repository) : findCredentials(repository, env, signal),
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

/** The connections, tokens and credentials of one client. */
interface ClientState {
  readonly http: HttpClient
  /** A client of its own for the hosts whose certificates are not checked. */
  readonly insecure: { readonly http: HttpClient; readonly hosts: Set<string> }
  readonly findCredentials: (repository: RepositoryName, signal?: AbortSignal) => Promise<FoundCredentials>
  readonly settings: FindSettings
  readonly onRetry: RegistryClient['onRetry']
  /** Origins by domain and transport. */
  readonly origins: Map<string, Promise<string>>
  /** Credentials by repository. */
  readonly found: Map<string, Promise<FoundCredentials>>
  /** Challenges and tokens by domain and transport. */
  readonly auth: Map<string, HostAuth>
  /** The credentials of the last request, by domain. */
  readonly shown: Map<string, FoundCredentials>
}

/** A registry's origin, and the client that reaches it. */
interface Connection {
  /** Made of domain and transport. */
  readonly key: string
  readonly http: HttpClient
  readonly origin: string
}

async function send(request: RegistryRequest, state: ClientState): Promise<HttpResponse> {
  const { repository, path, actions, from, ...rest } = request
  const { key, http, origin } = await connect(repository, state, request.signal)
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

  const authorize = async (auth: HostAuth, { renew }: { readonly renew: boolean }): Promise<string | undefined> => {
    const found = await credentialsFor(repository, state, request.signal)
    state.shown.set(repository.domain, found)
    return authorization(auth, { repository, actions, from, found, http, origin, renew, signal: request.signal })
  }
  return sendAuthorized({ transmit, authorize, origin, auth: { key, known: state.auth } })
}

function credentialsFor(
  repository: RepositoryName,
  state: ClientState,
  signal?: AbortSignal,
): Promise<FoundCredentials> {
  const key = `${repository.domain}/${repository.path}`
  const found = state.found.get(key) ?? state.findCredentials(repository, signal)
  state.found.set(key, found)
  found.catch(() => state.found.delete(key))
  return found
}

async function connect(repository: RepositoryName, state: ClientState, signal?: AbortSignal): Promise<Connection> {
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

async function allowedTransport(repository: RepositoryName, { settings }: ClientState): Promise<Transport> {
  const { transport, blockedBy } = await settings(repository)
  if (blockedBy === undefined) return transport
  throw new TsbuildError('REGISTRY_BLOCKED', `${repository.domain}/${repository.path} is blocked in ${blockedBy}`, {
    hint: 'use another registry, or remove "blocked = true" from that file',
  })
}

function explain(repository: RepositoryName, state: ClientState): string {
  const shown = state.shown.get(repository.domain)
  const host = `https://${repository.domain}`
  return credentialHint(host, shown?.credentials, shown?.problems ?? [])
}
