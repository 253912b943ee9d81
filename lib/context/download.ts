// A file from a URL into the store, without asking for it again while it is the same.
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

/** A file that was downloaded, and what to ask with whether it still is the same. */
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
  /** What the URL gave before; its blob is in the store. */
  readonly known?: Download | undefined
  /** What the content has to be. */
  readonly checksum?: Digest | undefined
  /** The Authorization header, for this origin only. */
  readonly authorization?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Called now and then, and at the end, with the bytes so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined
  /** Bytes. */
  readonly limit?: number
}

/** Bytes between two calls of `onBytes`. */
const TELL_EVERY = 1 << 20

/**
 * Gets a URL: what is known of it if the server says so, else its content as a new blob of the store. A redirect from https to http is
 * followed only where a checksum says what has to arrive. Errors with `DIGEST_MISMATCH`, `ARCHIVE_TOO_LARGE`, and as HttpClient.
 */
export async function download(url: string, options: DownloadOptions): Promise<Download> {
  const { client, known, checksum, authorization, signal } = options
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
  if (known?.etag !== undefined) headers['if-none-match'] = known.etag
  else if (known?.modified !== undefined) headers['if-modified-since'] = known.modified
  const response = await client.request({ url, headers, signal, allowDowngrade: checksum !== undefined })
  if (known && isSame(response, known)) {
    await response.discard()
    return known
  }
  if (response.status < 200 || response.status >= 300) throw await statusError(response)
  return save(url, response, options)
}

/** Some servers send the content again though they know that it is the same. */
function isSame({ status, headers }: HttpResponse, known: Download): boolean {
  if (status === 304) return true
  return status === 200 && known.etag !== undefined && strong(known.etag) === strong(headers.get('etag') ?? '')
}

const strong = (etag: string): string => etag.replace(/^W\//, '')

async function save(url: string, response: HttpResponse, options: DownloadOptions): Promise<Download> {
  const { store, checksum, signal, onBytes, limit = inputLimit() } = options
  const hash = checksum && createHash(digestParts(checksum).algorithm)
  const writer = store.createWriter()
  try {
    let size = 0
    let told = 0
    for await (const chunk of content(response)) {
      signal?.throwIfAborted()
      size += chunk.byteLength
      if (size > limit) throw tooLarge(url, limit)
      writer.write(chunk)
      hash?.update(chunk)
      if (size - told >= TELL_EVERY) onBytes?.((told = size))
    }
    onBytes?.(size)
    if (checksum && hash) {
      const got = `${digestParts(checksum).algorithm}:${hash.digest('hex')}`
      if (got !== checksum) throw mismatch(url, checksum, got)
    }
    const { digest } = writer.commit()
    return { digest, size, etag: response.headers.get('etag'), modified: response.headers.get('last-modified') }
  } finally {
    // Does nothing after a commit.
    writer.abort()
  }
}

/** As other clients do, what a server compressed on its own account is unpacked. */
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
