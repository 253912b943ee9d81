// The connections: one pool for each origin and proxy. The only module that loads undici.
import { readFileSync } from 'node:fs'
import * as tls from 'node:tls'
import type { Dispatcher } from 'undici'
import { errnoOf } from '../base/errno.ts'
import { proxyFor } from './proxy.ts'
import type { HttpTimeouts, TlsOptions } from './types.ts'

export interface Dispatchers {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly timeouts: HttpTimeouts
  readonly tls: (host: string) => TlsOptions | undefined
  readonly open: Map<string, Promise<Dispatcher>>
}

/** The pool that a request uses, and the origin, path and headers that its proxy needs. */
export interface Route {
  readonly dispatcher: Dispatcher
  readonly origin: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

export function openDispatchers(options: Omit<Dispatchers, 'open'>): Dispatchers {
  return { ...options, open: new Map() }
}

export async function closeDispatchers({ open }: Dispatchers): Promise<void> {
  const all = await Promise.all(open.values())
  open.clear()
  await Promise.all(all.map((dispatcher) => dispatcher.destroy()))
}

/** The route to a URL. Errors with `OPTION_INVALID` for an invalid proxy setting. */
export async function routeTo(url: URL, dispatchers: Dispatchers): Promise<Route> {
  const proxy = proxyFor(url, dispatchers.env)
  const path = url.pathname + url.search
  if (!proxy) return { dispatcher: await direct(url.origin, dispatchers), origin: url.origin, path, headers: {} }
  const token = proxyToken(proxy)
  if (url.protocol === 'https:') {
    return { dispatcher: await tunnel(url.origin, proxy, token, dispatchers), origin: url.origin, path, headers: {} }
  }
  // Through a proxy, a plain HTTP request names the whole URL: many proxies refuse tunnels to port 80.
  const headers = { host: url.host, ...(token !== undefined && { 'proxy-authorization': token }) }
  return { dispatcher: await direct(proxy.origin, dispatchers), origin: proxy.origin, path: url.origin + path, headers }
}

function direct(origin: string, dispatchers: Dispatchers): Promise<Dispatcher> {
  return once(dispatchers, origin, async () => {
    const { Pool } = await import('undici')
    return new Pool(origin, { ...limits(dispatchers), connect: connection(origin, dispatchers) })
  })
}

function tunnel(origin: string, proxy: URL, token: string | undefined, dispatchers: Dispatchers): Promise<Dispatcher> {
  return once(dispatchers, `${origin} by ${proxy.href}`, async () => {
    const { ProxyAgent } = await import('undici')
    const uri = `${proxy.protocol}//${proxy.host}`
    const secret = token === undefined ? {} : { token }
    const requestTls = connection(origin, dispatchers)
    return new ProxyAgent({
      uri,
      ...secret,
      ...limits(dispatchers),
      requestTls,
      proxyTls: connection(uri, dispatchers),
    })
  })
}

function once({ open }: Dispatchers, key: string, make: () => Promise<Dispatcher>): Promise<Dispatcher> {
  const known = open.get(key)
  if (known) return known
  const made = make()
  open.set(key, made)
  made.catch(() => open.delete(key))
  return made
}

function limits({ timeouts }: Dispatchers): { readonly headersTimeout: number; readonly bodyTimeout: number } {
  return { headersTimeout: timeouts.headers, bodyTimeout: timeouts.idle }
}

interface Connection {
  readonly timeout: number
  readonly ca?: string[]
  readonly cert?: string
  readonly key?: string
  readonly rejectUnauthorized?: boolean
}

function connection(origin: string, { timeouts, tls: tlsOf }: Dispatchers): Connection {
  const { protocol, host } = new URL(origin)
  const found = protocol === 'https:' ? tlsOf(host) : undefined
  if (!found) return { timeout: timeouts.connect }
  const { ca = [], cert, key, insecure = false } = found
  return {
    timeout: timeouts.connect,
    ...(ca.length > 0 && { ca: [...defaultAuthorities(), ...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(insecure && { rejectUnauthorized: false }),
  }
}

/** The authorities that Node.js trusts by default: a list of one's own would replace them. */
function defaultAuthorities(): readonly string[] {
  const get: unknown = 'getCACertificates' in tls ? tls.getCACertificates : undefined
  // The function exists since Node.js 22.15.
  if (typeof get === 'function') return (get as (type: 'default') => string[])('default')
  const extra = process.env['NODE_EXTRA_CA_CERTS']
  return [...tls.rootCertificates, ...(extra ? readExtra(extra) : [])]
}

function readExtra(path: string): readonly string[] {
  try {
    return [readFileSync(path, 'utf8')]
  } catch (error) {
    // Node.js itself warned about the file at its start.
    if (errnoOf(error) !== undefined) return []
    throw error
  }
}

function proxyToken({ username, password }: URL): string | undefined {
  if (username === '') return undefined
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(text).toString('base64')}`
}
