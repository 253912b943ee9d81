// Explains failures below HTTP: DNS, connections, TLS, proxies.
import { errnoOf } from '../base/errno.ts'
import { messageOf, TsbuildError } from '../base/errors.ts'
import { safeURL } from './safe-url.ts'

/** The `HTTP_FAILED` for a request without a response, or without all of it. A TsbuildError stays as it is. */
export function httpFailed(error: unknown, method: string, url: string | URL): TsbuildError {
  return httpFailedFor(error, `${method} ${safeURL(url)}`)
}

/** The same with a description of the request, `what`, for the message. */
export function httpFailedFor(error: unknown, what: string): TsbuildError {
  if (error instanceof TsbuildError) return error
  const code = innermostErrno(error)
  // An error without a code comes neither from the network nor from undici: it is a bug.
  if (code === undefined) throw error
  const [reason, hint] = REASONS.get(code) ?? (isCertificate(code) ? UNTRUSTED : [])
  const text = reason ?? reasonOf(error)
  return new TsbuildError('HTTP_FAILED', `${what} failed: ${text} (${code})`, { hint, cause: error })
}

/** Whether another attempt may succeed: after a reset, a cut, a timeout, or a name server that does not respond. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(innermostErrno(error) ?? '')
}

type Reason = readonly [reason: string, hint?: string]

const UNTRUSTED: Reason = [
  'the certificate is not trusted',
  'have the authority that signed it in NODE_EXTRA_CA_CERTS=FILE, or as ca.crt in a certs.d directory',
]
const REASONS: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  ['ECONNREFUSED', ['nothing listens there', 'check host and port, and that the server runs']],
  ['ENOTFOUND', ['there is no such host', 'check the spelling; behind a proxy, set HTTPS_PROXY']],
  ['EAI_AGAIN', ['the name server does not answer', 'check the network; behind a proxy, set HTTPS_PROXY']],
  ['ECONNRESET', ['the connection was reset']],
  ['EPIPE', ['the connection was closed']],
  ['UND_ERR_SOCKET', ['the connection was cut']],
  ['UND_ERR_CONNECT_TIMEOUT', ['no connection in time', 'check the network; behind a proxy, set HTTPS_PROXY']],
  ['ETIMEDOUT', ['no connection in time', 'check the network; behind a proxy, set HTTPS_PROXY']],
  ['UND_ERR_HEADERS_TIMEOUT', ['no answer in time']],
  ['UND_ERR_BODY_TIMEOUT', ['the server stopped sending']],
  ['ERR_SSL_WRONG_VERSION_NUMBER', ['the server does not speak TLS', 'it may speak plain HTTP']],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', ['the server does not speak TLS', 'it may speak plain HTTP']],
  ['ERR_TLS_CERT_ALTNAME_INVALID', ['the certificate is for another host']],
  ['CERT_HAS_EXPIRED', ['the certificate has expired']],
  ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', ['the body sent does not have the size that was announced']],
])

const TRANSIENT: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])

const isCertificate = (code: string): boolean =>
  /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_|HOSTNAME_MISMATCH|INVALID_CA)/.test(code)

/** The code at the end of the chain of causes, since "other side closed" and "fetch failed" say little themselves. */
export function innermostErrno(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  return innermostErrno(error.cause) ?? errnoOf(error)
}

/** An AggregateError, raised if all addresses of a host fail, has an empty message. */
function reasonOf(error: unknown): string {
  return messageOf(error) || (error instanceof Error ? error.name : '')
}
