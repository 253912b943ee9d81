// One request, one response, by the fetch function of a caller instead of connections of our own.
import { Readable } from 'node:stream'
import { messageOf, TsbuildError } from '../base/errors.ts'
import { innermostErrno } from './http-failed.ts'
import { safeURL } from './safe-url.ts'
import type { Outgoing, RawResponse } from './send.ts'
import type { Fetch, HttpBody } from './types.ts'

/**
 * Sends a request. Redirects are not followed, so that credentials stay with their origin. Errors with the system's
 * errors, with `HTTP_FAILED` for any other error of `fetch`, and with the signal's reason.
 */
export async function sendByFetch(outgoing: Outgoing, fetch: Fetch): Promise<RawResponse> {
  const { method, url, headers, body, signal } = outgoing
  const size = typeof body === 'object' && !(body instanceof Uint8Array) ? body.size : undefined
  const init = {
    method,
    headers: { ...headers, ...(size !== undefined && { 'content-length': String(size) }) },
    redirect: 'manual' as const,
    ...(signal && { signal }),
    ...(body !== undefined && { body: bodyOf(body), duplex: 'half' as const }),
  } satisfies RequestInit
  const response = await fetch(url.href, init).catch((error: unknown) => {
    signal?.throwIfAborted()
    if (error instanceof TsbuildError || innermostErrno(error) !== undefined) throw error
    throw new TsbuildError('HTTP_FAILED', `${method} ${safeURL(url)} failed: ${messageOf(error)}`, { cause: error })
  })
  return {
    status: response.status,
    headers: new Map(response.headers.entries()),
    url: url.href,
    body: chunksOf(response.body),
    discard: async () => {
      if (response.body && !response.body.locked) await response.body.cancel()
    },
  }
}

function bodyOf(body: string | Uint8Array | HttpBody): string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return new Uint8Array(body)
  return Readable.toWeb(Readable.from(body.open(), { objectMode: false })) as ReadableStream<Uint8Array>
}

async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncIterable<Uint8Array> {
  if (body) yield* body
}
