// A small HTTP client: proxies, redirects that send credentials to no other origin, retries, and bodies that resume.
//
//   const client = openHttpClient({ userAgent: 'tsbuild/1.0' })
//   const response = await client.request({ url: 'https://example.com/file', signal })
//   if (response.status !== 200) throw await statusError(response)        // status-error.ts
//   const bytes = await readBody(response, 4 << 20)                       // read-body.ts
//   await client.close()
//
// The signatures are in types.ts.
import { TsbuildError } from '../base/errors.ts'
import { closeDispatchers, openDispatchers } from './dispatchers.ts'
import { followRedirects } from './follow-redirects.ts'
import { resumeBody } from './resume-body.ts'
import { type RetrySettings, retry } from './retry.ts'
import { waitFor } from './retry-delay.ts'
import { safeURL } from './safe-url.ts'
import { type RawResponse, type Send, send } from './send.ts'
import { sendByFetch } from './send-by-fetch.ts'
import type { HttpClient, HttpClientOptions, HttpRequest, HttpResponse, HttpTimeouts } from './types.ts'

export type {
  HttpClient,
  HttpClientOptions,
  HttpRequest,
  HttpResponse,
} from './types.ts'

const REDIRECTS = 10
const RETRIES = 4
const TIMEOUTS: HttpTimeouts = { connect: 15_000, headers: 60_000, idle: 60_000 }

/** A client with its own connections. Nothing is loaded or connected before the first request. */
export function openHttpClient(options: HttpClientOptions = {}): HttpClient {
  const dispatchers = openDispatchers({
    env: options.env ?? process.env,
    timeouts: { ...TIMEOUTS, ...options.timeouts },
    tls: options.tls ?? (() => undefined),
  })
  const { fetch } = options
  const settings: Settings = {
    send: (outgoing) => (fetch ? sendByFetch(outgoing, fetch) : send(outgoing, dispatchers)),
    userAgent: options.userAgent ?? 'tsbuild',
    retries: options.retries ?? RETRIES,
    wait: options.wait ?? waitFor,
  }
  return {
    request: async (request) => {
      request.signal?.throwIfAborted()
      const raw = await sendRequest(request, settings)
      return toResponse(raw, request, settings)
    },
    close: () => closeDispatchers(dispatchers),
  }
}

interface Settings extends RetrySettings {
  readonly send: Send
  readonly userAgent: string
}

function sendRequest(request: HttpRequest, settings: Settings): Promise<RawResponse> {
  return retry(request, settings, () => followRedirects(toSend(request, settings), settings.send))
}

function toSend(request: HttpRequest, settings: Settings): Parameters<typeof followRedirects>[0] {
  const { url, authorization } = splitCredentials(request.url)
  const given = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
  const headers: Record<string, string> = {
    'user-agent': settings.userAgent,
    accept: '*/*',
    // The digest and the offsets of Range requests are about the uncompressed bytes.
    'accept-encoding': 'identity',
    ...(authorization !== undefined && { authorization }),
    ...Object.fromEntries(given),
  }
  const { method = 'GET', body, signal, redirects = REDIRECTS, allowDowngrade = false } = request
  return { method, url, headers, body, signal, redirects, allowDowngrade }
}

function splitCredentials(given: string | URL): { readonly url: URL; readonly authorization: string | undefined } {
  if (!URL.canParse(String(given))) throw new TsbuildError('HTTP_FAILED', 'a URL is malformed')
  const url = new URL(given)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TsbuildError('HTTP_FAILED', `${safeURL(url)} is neither http: nor https:`)
  }
  const { username, password } = url
  url.username = ''
  url.password = ''
  url.hash = ''
  if (username === '' && password === '') return { url, authorization: undefined }
  const basic = Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')
  return { url, authorization: `Basic ${basic}` }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    // A "%" that starts no escape is a plain character.
    if (error instanceof URIError) return text
    throw error
  }
}

function toResponse(raw: RawResponse, request: HttpRequest, settings: Settings): HttpResponse {
  const { status, headers, url, discard } = raw
  const { method = 'GET', signal } = request
  const etag = headers.get('etag')
  const strong = etag?.startsWith('"') ? etag : undefined
  const resumes = method === 'GET' && status === 200 && (request.resume ?? strong !== undefined)
  const body = resumeBody(raw.body, {
    signal,
    describe: `${method} ${safeURL(url)}`,
    retries: resumes && strong !== undefined ? settings.retries : 0,
    wait: settings.wait,
    onRetry: request.onRetry,
    reopen: async (offset) => {
      const range = { range: `bytes=${offset}-`, 'if-range': strong ?? '' }
      const again = await sendRequest({ ...request, headers: { ...request.headers, ...range } }, settings)
      // A 200 means that the content has changed, so its bytes cannot be appended.
      if (again.status === 206) return again
      await again.discard()
      throw new TsbuildError(
        'HTTP_FAILED',
        `${method} ${safeURL(url)} was cut at byte ${offset} and can't be resumed`,
        {
          hint:
            again.status === 200 ? 'the content changed meanwhile; try again' : `the server answered ${again.status}`,
        },
      )
    },
  })
  return { status, headers, method, url, body, discard }
}
