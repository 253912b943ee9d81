// Downloads a URL into the store. A file that the server reports as unchanged is not transferred again.
import { createHash } from 'node:crypto'
import { TsbuildError } from '../base/errors.ts'
import { inputLimit, LIMIT_HINT } from '../base/input-limit.ts'
import type { HttpClient, HttpResponse } from '../http/client.ts'
import { safeURL } from '../http/safe-url.ts'
import { statusError } from '../http/status-error.ts'
import { decompress } from '../layers/decompress/decompress.ts'
import type { ContentStore } from '../oci/content.ts'
import { digestParts } from '../oci/digest.ts'
import type { Digest } from '../oci/types.ts'

/** A downloaded file, with the validators for asking the server whether it has changed. */
export interface Download {
  readonly digest: Digest
  readonly size: number
  readonly etag: string | undefined
  /** The Last-Modified header. */
  readonly modified: string | undefined
}

export interface DownloadOptions {
  readonly client: HttpClient
  readonly store: Pick<ContentStore, 'createWriter'>
  /** The previous download of the URL, whose blob is in the store. */
  readonly previous?: Download | undefined
  /** The digest that the content must have. */
  readonly checksum?: Digest | undefined
  /** The Authorization header. It is sent to this origin only. */
  readonly authorization?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Receives the bytes so far: once for every MiB, and at the end. */
  readonly onBytes?: ((bytes: number) => void) | undefined
  /** The largest size that is accepted, in bytes; default {@link inputLimit}. */
  readonly limit?: number
}

/** Bytes between two calls of `onBytes`. */
const REPORT_INTERVAL = 1 << 20

/**
 * Downloads a URL to a new blob of the store, or returns the previous download if the server reports no change.
 * A redirect from https to http is followed only if there is a checksum. Errors with `DIGEST_MISMATCH`,
 * `ARCHIVE_TOO_LARGE`, and as HttpClient does.
 */
export async function download(url: string, options: DownloadOptions): Promise<Download> {
  const { client, previous, checksum, authorization, signal } = options
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
  if (previous?.etag !== undefined) headers['if-none-match'] = previous.etag
  else if (previous?.modified !== undefined) headers['if-modified-since'] = previous.modified
  const response = await client.request({ url, headers, signal, allowDowngrade: checksum !== undefined })
  if (previous && isUnchanged(response, previous)) {
    await response.discard()
    return previous
  }
  if (response.status < 200 || response.status >= 300) throw await statusError(response)
  return save(url, response, options)
}

/** Some servers answer 200 and send the content again, although its ETag has not changed. */
function isUnchanged({ status, headers }: HttpResponse, previous: Download): boolean {
  if (status === 304) return true
  return status === 200 && previous.etag !== undefined && strong(previous.etag) === strong(headers.get('etag') ?? '')
}

const strong = (etag: string): string => etag.replace(/^W\//, '')

async function save(url: string, response: HttpResponse, options: DownloadOptions): Promise<Download> {
  const { store, checksum, signal, onBytes, limit = inputLimit() } = options
  const hash = checksum && createHash(digestParts(checksum).algorithm)
  const writer = store.createWriter()
  try {
    let size = 0
    let reported = 0
    for await (const chunk of content(response)) {
      signal?.throwIfAborted()
      size += chunk.byteLength
      if (size > limit) throw tooLarge(url, limit)
      writer.write(chunk)
      hash?.update(chunk)
      if (size - reported >= REPORT_INTERVAL) onBytes?.((reported = size))
    }
    onBytes?.(size)
    if (checksum && hash) {
      const got = `${digestParts(checksum).algorithm}:${hash.digest('hex')}`
      if (got !== checksum) throw mismatch(url, checksum, got)
    }
    const { digest } = writer.commit()
    return { digest, size, etag: response.headers.get('etag'), modified: response.headers.get('last-modified') }
  } finally {
    // Has no effect after a commit.
    writer.abort()
  }
}

/** The body without the transfer compression of the server (Content-Encoding), as other clients give it. */
function content(response: HttpResponse): AsyncIterable<Uint8Array> {
  const packed = response.headers.get('content-encoding')?.trim().toLowerCase() === 'gzip'
  return packed ? decompress(response.body) : response.body
}

function tooLarge(url: string, limit: number): TsbuildError {
  return new TsbuildError('ARCHIVE_TOO_LARGE', `${safeURL(url)} has more than ${limit} bytes`, { hint: LIMIT_HINT })
}

function mismatch(url: string, expected: string, got: string): TsbuildError {
  return new TsbuildError('DIGEST_MISMATCH', `expected ${safeURL(url)} to be ${expected}, got ${got}`)
}
