import { TsbuildError } from '../base/errors.ts'
import { safeURL } from './safe-url.ts'
import type { HttpResponse } from './types.ts'

/** The whole body. Errors with `HTTP_FAILED` as soon as it exceeds `limit` bytes. */
export async function readBody(
  response: Pick<HttpResponse, 'body' | 'headers' | 'url' | 'method' | 'discard'>,
  limit: number,
): Promise<Buffer> {
  const announced = Number(response.headers.get('content-length') ?? 0)
  if (response.method !== 'HEAD' && announced > limit) {
    await response.discard()
    throw tooLarge(response, limit)
  }
  const { bytes, whole } = await readUpTo(response.body, limit)
  if (whole) return bytes
  throw tooLarge(response, limit)
}

/** The first `limit` bytes of a body, and whether the body ends there. */
export async function readUpTo(
  body: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<{ readonly bytes: Buffer; readonly whole: boolean }> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    const room = limit - size
    chunks.push(chunk.byteLength > room ? chunk.subarray(0, room) : chunk)
    size += chunk.byteLength
    if (size > limit) return { bytes: Buffer.concat(chunks), whole: false }
  }
  return { bytes: Buffer.concat(chunks), whole: true }
}

function tooLarge({ method, url }: Pick<HttpResponse, 'url' | 'method'>, limit: number): TsbuildError {
  return new TsbuildError('HTTP_FAILED', `${method} ${safeURL(url)} failed: the answer has more than ${limit} bytes`)
}
