import { TsbuildError } from '../base/errors.ts'
import { safeURL } from './safe-url.ts'
import type { Outgoing, RawResponse, Send } from './send.ts'

export interface RedirectPolicy {
  readonly redirects: number
  readonly allowDowngrade: boolean
}

/** The headers that must not be sent to another origin. */
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization'])

/**
 * Sends a request and follows redirects (RFC 9110, 15.4). GET and HEAD follow all redirects. Methods with a body
 * follow only 307 and 308, for which the body is sent again; any other redirect is their response. Credentials stay
 * with the first origin. Errors with `HTTP_FAILED` for too many redirects, for one from https: to http:, and for an
 * invalid Location.
 */
export async function followRedirects(first: Outgoing & RedirectPolicy, send: Send): Promise<RawResponse> {
  const { method, redirects, allowDowngrade } = first
  let { url, headers } = first
  for (let done = 0; ; done++) {
    const response = await send({ ...first, url, headers })
    const location = response.headers.get('location')
    if (redirects === 0 || location === undefined || !isFollowed(response.status, method)) return response
    await response.discard()
    if (done === redirects) throw failed(first.url, `there are more than ${redirects} redirects`)
    const next = target(location, url)
    if (!next) throw failed(url, 'it redirects to something that is no http: or https: URL')
    if (url.protocol === 'https:' && next.protocol === 'http:' && !allowDowngrade) {
      throw failed(url, `it redirects from https: to ${safeURL(next)}, which is not encrypted`)
    }
    if (next.origin !== url.origin) headers = without(headers, CREDENTIALS)
    url = next
  }
}

function isFollowed(status: number, method: string): boolean {
  if (status === 307 || status === 308) return true
  return (status === 301 || status === 302 || status === 303) && (method === 'GET' || method === 'HEAD')
}

function target(location: string, base: URL): URL | undefined {
  if (!URL.canParse(location, base.href)) return undefined
  const url = new URL(location, base.href)
  url.username = ''
  url.password = ''
  url.hash = ''
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
}

function without(headers: Readonly<Record<string, string>>, names: ReadonlySet<string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name)))
}

function failed(url: URL, reason: string): TsbuildError {
  return new TsbuildError('HTTP_FAILED', `${safeURL(url)} failed: ${reason}`)
}
