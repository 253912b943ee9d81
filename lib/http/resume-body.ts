import { TsbuildError } from '../base/errors.ts'
import { httpFailedFor, isTransient } from './http-failed.ts'
import { backoff, type Wait } from './retry-delay.ts'

export interface ResumeOptions {
  readonly signal?: AbortSignal | undefined
  /** The request, for messages: `GET https://…`. */
  readonly describe: string
  /** The size of the body in bytes, if known: a shorter body is an interrupted one. */
  readonly size?: number
  /** Consecutive interruptions, without much progress between them, after which reading gives up. */
  readonly retries: number
  readonly wait: Wait
  readonly onRetry?: ((reason: string, milliseconds: number) => void) | undefined
  /**
   * Requests the rest. A 206 must begin at the offset, as its Content-Range says. From a 200, the bytes before the
   * offset are skipped: allow that only if the whole is verified afterwards.
   */
  readonly reopen: (offset: number) => Promise<ReopenedBody>
}

export interface ReopenedBody {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: AsyncIterable<Uint8Array>
  discard(): Promise<void>
}

class EndedEarly extends Error {
  readonly code = 'ENDED_EARLY'
}

/** The progress, in bytes, that resets the count of interruptions. */
const PROGRESS = 1 << 20

/**
 * A body that resumes with a Range request after an interruption. Errors with `HTTP_FAILED`, and the signal's reason.
 */
export async function* resumeBody(first: AsyncIterable<Uint8Array>, options: ResumeOptions): AsyncIterable<Uint8Array> {
  const { signal, describe, retries, wait, onRetry, reopen, size = 0 } = options
  let current = first
  let offset = 0
  let failures = 0
  let fruitful = 0
  for (;;) {
    try {
      for await (const chunk of current) {
        offset += chunk.byteLength
        yield chunk
      }
      if (offset >= size) return
      throw new EndedEarly(`it ended after ${offset} of ${size} bytes`)
    } catch (error) {
      signal?.throwIfAborted()
      if (offset - fruitful >= PROGRESS) failures = 0
      fruitful = offset
      if (failures >= retries || !(isTransient(error) || error instanceof EndedEarly))
        throw httpFailedFor(error, describe)
      const pause = backoff(failures++)
      onRetry?.(`cut at byte ${offset}`, pause)
      await wait(pause, signal)
    }
    current = await rest(await reopen(offset), offset, describe)
  }
}

async function rest(response: ReopenedBody, offset: number, describe: string): Promise<AsyncIterable<Uint8Array>> {
  if (response.status === 200) return skip(response.body, offset)
  const range = response.headers.get('content-range')
  const start = /^bytes (\d+)-/i.exec(range ?? '')?.[1]
  // Some servers leave out Content-Range. A wrong offset is found later, by the digest or the length.
  if (response.status === 206 && (start === undefined || Number(start) === offset)) return response.body
  await response.discard()
  const got = response.status === 206 ? `the range ${JSON.stringify(range)}` : `status ${response.status}`
  throw new TsbuildError('HTTP_FAILED', `${describe} failed: cut at byte ${offset}, then the server gave ${got}`)
}

async function* skip(body: AsyncIterable<Uint8Array>, bytes: number): AsyncIterable<Uint8Array> {
  let left = bytes
  for await (const chunk of body) {
    if (left >= chunk.byteLength) left -= chunk.byteLength
    else {
      yield left === 0 ? chunk : chunk.subarray(left)
      left = 0
    }
  }
}
