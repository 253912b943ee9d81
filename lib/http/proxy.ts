// Chooses the proxy of a request by the environment, as Go programs do (golang.org/x/net/http/httpproxy).
import { isIP } from 'node:net'
import { TsbuildError } from '../base/errors.ts'
import { isInNetwork } from './network.ts'

type Env = Readonly<Record<string, string | undefined>>

/**
 * The proxy for a URL; undefined for a direct connection. Errors with `OPTION_INVALID` for an invalid proxy setting.
 */
export function proxyFor(url: URL, env: Env): URL | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const value = variable(env, name)
  if (value === '' || isExempt(url, variable(env, 'NO_PROXY'))) return undefined
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`
  const proxy = URL.canParse(text) ? new URL(text) : undefined
  if (proxy && (proxy.protocol === 'http:' || proxy.protocol === 'https:')) return proxy
  // The value may hold a password, so the message leaves it out.
  throw new TsbuildError('OPTION_INVALID', `${name} is not the URL of an HTTP proxy`, {
    hint: 'write http://[USER:PASSWORD@]HOST:PORT',
  })
}

const variable = (env: Env, name: string): string => (env[name] || env[name.toLowerCase()] || '').trim()

/**
 * Whether NO_PROXY lists the host. Its entries are `*`, names (which include all subdomains), `.name` for subdomains
 * only, addresses and networks, each with an optional port.
 */
function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (host === 'localhost' || isLoopback(host)) return true
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && matches(entry, host, port))
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isInNetwork(host, entry)
  const { name, port: wanted } = splitPort(entry)
  if (wanted !== undefined && wanted !== port) return false
  if (isIP(name) !== 0 || isIP(host) !== 0) return isSameAddress(name, host)
  if (name.startsWith('*.')) return host.endsWith(name.slice(1))
  return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`)
}

function splitPort(entry: string): { readonly name: string; readonly port: string | undefined } {
  if (isIP(entry) !== 0) return { name: entry, port: undefined }
  const { host, port } = /^(?<host>.*?)(?::(?<port>\d+))?$/.exec(entry)?.groups ?? {}
  return { name: (host ?? entry).replace(/^\[|\]$/g, ''), port }
}

function isLoopback(host: string): boolean {
  return isInNetwork(host, '127.0.0.0/8') || isSameAddress('::1', host)
}

function isSameAddress(a: string, b: string): boolean {
  return isIP(a) !== 0 && isInNetwork(b, `${a}/${isIP(a) === 4 ? 32 : 128}`)
}
