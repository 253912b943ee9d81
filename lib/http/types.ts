// The types of requests and responses.
import type { Wait } from './retry-delay.ts'

/** The TLS options of a host. All values are PEM. */
export interface TlsOptions {
  /** Authorities to trust in addition to those of Node.js. */
  readonly ca?: readonly string[]
  readonly cert?: string
  readonly key?: string
  /** Accept any certificate. */
  readonly insecure?: boolean
}

/** Timeouts in milliseconds. */
export interface HttpTimeouts {
  /** The time until a connection is established, TLS and proxy included. Default 15 seconds. */
  readonly connect: number
  /** The time from the end of the request to the response's headers. Default 60 seconds. */
  readonly headers: number
  /** The time between two chunks of a body. Default 60 seconds. */
  readonly idle: number
}

/** A function with the contract of the global `fetch`: it does not follow redirects when told so. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface HttpClientOptions {
  /** The environment with HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in upper or lower case. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The User-Agent header. Default `tsbuild`. */
  readonly userAgent?: string
  readonly timeouts?: Partial<HttpTimeouts>
  /** The maximum number of retries of an idempotent request. Default 4. */
  readonly retries?: number
  /**
   * The TLS options of a host (`name` or `name:port`); called once for each host. NODE_EXTRA_CA_CERTS is always in
   * force.
   */
  readonly tls?: (host: string) => TlsOptions | undefined
  /**
   * Sends every request instead of connections of this client's own. Redirects, retries and credentials stay this
   * client's; proxies, TLS and timeouts are the function's.
   */
  readonly fetch?: Fetch | undefined
  /** Waits between attempts; tests pass their own. */
  readonly wait?: Wait
}

/** A request body that can be sent again: after a redirect, or in another attempt. */
export interface HttpBody {
  /** The size in bytes, for Content-Length; if undefined, the body is sent chunked. */
  readonly size?: number | undefined
  open(): AsyncIterable<Uint8Array>
}

export interface HttpRequest {
  /** Default GET. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** An http: or https: URL. Its user and password become an Authorization header, unless there is one. */
  readonly url: string | URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | HttpBody | undefined
  readonly signal?: AbortSignal | undefined
  /** The number of redirects to follow; with 0, the redirect itself is the response. Default 10. */
  readonly redirects?: number
  /** Whether a redirect may lead from https: to http:. Default false: that errors with `HTTP_FAILED`. */
  readonly allowDowngrade?: boolean
  /** Whether the request may be sent more than once. Default: all methods but POST and PATCH. */
  readonly idempotent?: boolean
  /** Whether an interrupted body resumes with a Range request. Default: for a GET whose response has a strong ETag. */
  readonly resume?: boolean
  /** Called before the wait for a retry. */
  readonly onRetry?: ((reason: string, milliseconds: number) => void) | undefined
}

export interface HttpResponse {
  readonly status: number
  /** The headers by lower-case name; the values of repeated headers are joined by ", ". */
  readonly headers: ReadonlyMap<string, string>
  readonly method: string
  /** The URL of the response, after redirects. It may hold secrets: messages show safeURL() of it. */
  readonly url: string
  /** The body. Read it once, or discard it. Errors with `HTTP_FAILED`. */
  readonly body: AsyncIterable<Uint8Array>
  /** Frees the connection without reading the body. Idempotent. */
  discard(): Promise<void>
}

export interface HttpClient {
  /**
   * Sends a request. Resolves with any final status: 408, 429 and 5xx only after the last attempt, or if Retry-After
   * asks for more than two minutes. Credentials (Authorization, Cookie) are never sent to another origin. Errors with
   * `HTTP_FAILED` if there is no response, and with the signal's reason. No message holds user names, passwords or
   * queries of URLs.
   */
  request(request: HttpRequest): Promise<HttpResponse>
  /** Closes all connections, also those in use. Idempotent. */
  close(): Promise<void>
}
