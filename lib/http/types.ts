// What requests and responses are made of.
import type { Wait } from './retry.ts'

/** What a host's TLS needs beyond the defaults. All PEM. */
export interface TlsOptions {
  /** Authorities to trust beside those that Node.js trusts. */
  readonly ca?: readonly string[]
  readonly cert?: string
  readonly key?: string
  /** Take any certificate. */
  readonly insecure?: boolean
}

/** Milliseconds. */
export interface HttpTimeouts {
  /** Until there is a connection, TLS and proxy included. Default 15 seconds. */
  readonly connect: number
  /** From the end of the request to the response's head. Default 60 seconds. */
  readonly headers: number
  /** Between two chunks of a body. Default 60 seconds. */
  readonly idle: number
}

export interface HttpClientOptions {
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read from, in capitals or not. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Sent as User-Agent. Default `tsbuild`. */
  readonly userAgent?: string
  readonly timeouts?: Partial<HttpTimeouts>
  /** How often a request that may be repeated is, at most. Default 4. */
  readonly retries?: number
  /** Trust and client certificates for a host (`name` or `name:port`); called once for each. NODE_EXTRA_CA_CERTS works by itself. */
  readonly tls?: (host: string) => TlsOptions | undefined
  /** Waits between attempts; tests pass their own. */
  readonly wait?: Wait
}

/** A request body that can be sent again: after a redirect, or in another attempt. */
export interface HttpBody {
  /** Bytes, for Content-Length; undefined sends chunks. */
  readonly size?: number | undefined
  open(): AsyncIterable<Uint8Array>
}

export interface HttpRequest {
  /** Default GET. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** http: or https:. User and password in it become an Authorization header, unless there is one. */
  readonly url: string | URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | HttpBody | undefined
  readonly signal?: AbortSignal | undefined
  /** Redirects to follow; 0 gives the redirect itself as the response. Default 10. */
  readonly redirects?: number
  /** Whether https: may lead to http:. Default false: that errors with `HTTP_FAILED`. */
  readonly allowDowngrade?: boolean
  /** Whether the request may be sent more than once. Default: all methods but POST and PATCH. */
  readonly idempotent?: boolean
  /** Whether a cut body goes on with a Range request. Default: GETs whose response has a strong ETag. */
  readonly resume?: boolean
  /** Told before the wait for another attempt. */
  readonly onRetry?: ((reason: string, milliseconds: number) => void) | undefined
}

export interface HttpResponse {
  readonly status: number
  /** By lower-case name; of repeated headers, the values joined by ", ". */
  readonly headers: ReadonlyMap<string, string>
  readonly method: string
  /** Where the response came from, after redirects; for requests, not for messages (see safeURL). */
  readonly url: string
  /** To be read once, or discarded. Errors with `HTTP_FAILED`. */
  readonly body: AsyncIterable<Uint8Array>
  /** Frees the connection without reading the body. Idempotent. */
  discard(): Promise<void>
}

export interface HttpClient {
  /**
   * Sends a request. Resolves with whatever status is final: 408, 429 and 5xx only when the attempts are used up, or where
   * Retry-After asks for more than two minutes. Credentials (Authorization, Cookie) are not sent on to another origin. Errors
   * with `HTTP_FAILED` when there is no response, and with the signal's reason. No message holds user names, passwords or
   * queries of URLs.
   */
  request(request: HttpRequest): Promise<HttpResponse>
  /** Closes the connections, also those in use. Idempotent. */
  close(): Promise<void>
}
