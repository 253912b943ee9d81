import { STATUS_CODES } from 'node:http'
import { TsbuildError } from '../base/errors.ts'
import { readUpTo } from './read-body.ts'
import { safeURL } from './safe-url.ts'
import type { HttpResponse } from './types.ts'

const READ = 16 << 10
const SHOWN = 200

/**
 * The `HTTP_STATUS` for a response with an unexpected status; the message quotes the start of its text. Reads the
 * body.
 */
export async function statusError(
  response: HttpResponse,
  options: { readonly hint?: string | undefined } = {},
): Promise<TsbuildError> {
  const said = await excerpt(response)
  const status = formatStatus(response.status)
  const message = `${response.method} ${safeURL(response.url)} failed: ${status}${said ? `: ${said}` : ''}`
  return new TsbuildError('HTTP_STATUS', message, { hint: options.hint ?? HINTS.get(response.status) })
}

/** A status with its standard phrase: `404 Not Found`. */
export function formatStatus(status: number): string {
  const name = STATUS_CODES[status]
  return name === undefined ? String(status) : `${status} ${name}`
}

/** The start of a response's text on one line; empty for HTML pages and binary data. */
export async function excerpt(response: HttpResponse): Promise<string> {
  const type = response.headers.get('content-type') ?? ''
  if (!/^(?:text\/plain|application\/([\w.+-]+\+)?json)\b/i.test(type)) {
    await response.discard()
    return ''
  }
  const { bytes } = await readUpTo(response.body, READ)
  return oneLine(bytes.toString())
}

/** A foreign text on one line, shortened, without control characters. */
export function oneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line
}

const HINTS: ReadonlyMap<number, string> = new Map([
  [401, 'the server requires credentials'],
  [403, 'the credentials that were sent, if any, do not allow this request'],
  [407, 'the proxy requires credentials: set HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT'],
  [404, 'check the spelling'],
  [429, 'there were too many requests: wait, or log in'],
])
