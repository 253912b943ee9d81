// One request, one response: no redirects, no retries.
import { Readable } from 'node:stream'
import { type Dispatchers, routeTo } from './dispatchers.ts'
import type { HttpBody, HttpRequest } from './types.ts'

export interface Outgoing {
  readonly method: NonNullable<HttpRequest['method']>
  readonly url: URL
  /** The headers by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: HttpRequest['body']
  readonly signal: AbortSignal | undefined
}

export interface RawResponse {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly url: string
  /** Reading errors with undici's own errors. */
  readonly body: AsyncIterable<Uint8Array>
  discard(): Promise<void>
}

/** Sends one request. */
export type Send = (outgoing: Outgoing) => Promise<RawResponse>

/** The size up to which a discarded body is read, to keep its connection. */
const DRAINED = 64 << 10

/** Sends a request. Errors with undici's and Node.js's own errors. */
export async function send(outgoing: Outgoing, dispatchers: Dispatchers): Promise<RawResponse> {
  const { method, url, signal } = outgoing
  const route = await routeTo(url, dispatchers)
  const { body, size } = bodyOf(outgoing.body)
  const headers = {
    ...outgoing.headers,
    ...(size !== undefined && { 'content-length': String(size) }),
    ...route.headers,
  }
  const { origin, path } = route
  const response = await route.dispatcher.request({ origin, path, method, headers, body, signal: signal ?? null })
  return {
    status: response.statusCode,
    headers: joined(response.headers),
    url: url.href,
    body: response.body,
    discard: async () => {
      if (!response.body.readableEnded && !response.body.destroyed) await response.body.dump({ limit: DRAINED })
    },
  }
}

function bodyOf(body: HttpRequest['body']): { readonly body: Uint8Array | Readable | null; readonly size?: number } {
  if (body === undefined) return { body: null }
  if (typeof body === 'string') return bodyOf(Buffer.from(body))
  if (body instanceof Uint8Array) return { body, size: body.byteLength }
  const stream = Readable.from(body.open(), { objectMode: false })
  return { body: stream, ...sizeOf(body) }
}

const sizeOf = ({ size }: HttpBody): { readonly size?: number } => (size === undefined ? {} : { size })

function joined(headers: Readonly<Record<string, string | string[] | undefined>>): ReadonlyMap<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name.toLowerCase(), typeof value === 'string' ? value : value.join(', ')]],
  )
  return new Map(entries)
}
