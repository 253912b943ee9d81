// Decides which requests are sent again, and when.
import { TsbuildError } from '../base/errors.ts'
import { httpFailed, isTransient } from './http-failed.ts'
import { backoff, retryAfter, type Wait } from './retry-delay.ts'
import type { RawResponse } from './send.ts'
import type { HttpRequest } from './types.ts'

export interface RetrySettings {
  readonly retries: number
  readonly wait: Wait
}

/** The longest wait that a server may ask for; the response of a server that asks for more is returned instead. */
const LONGEST_WAIT = 120_000

/**
 * Sends a request until its response is final: again after network errors that may pass, 408, 429 and server errors,
 * if repeating the request does no harm. Errors with `HTTP_FAILED`, and with the signal's reason.
 */
export async function retry(
  request: HttpRequest,
  settings: RetrySettings,
  send: () => Promise<RawResponse>,
): Promise<RawResponse> {
  const { method = 'GET', signal } = request
  const repeatable = request.idempotent ?? (method !== 'POST' && method !== 'PATCH')
  const retries = repeatable ? settings.retries : 0
  for (let done = 0; ; done++) {
    let pause = backoff(done)
    let reason: string
    try {
      const response = await send()
      if (done >= retries || !isRetried(response.status)) return response
      pause = retryAfter(response.headers.get('retry-after'), Date.now()) ?? pause
      if (pause > LONGEST_WAIT) return response
      reason = `status ${response.status}`
      await response.discard()
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof TsbuildError) throw error
      const failure = httpFailed(error, method, request.url)
      if (done >= retries || !isTransient(error)) throw failure
      reason = failure.message
    }
    request.onRetry?.(reason, pause)
    await settings.wait(pause, signal)
  }
}

const isRetried = (status: number): boolean => status === 408 || status === 429 || (status >= 500 && status !== 501)
