// Decides how long to wait before a retry.
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits. Errors with the signal's reason. */
export type Wait = (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>

const FIRST = 500
const LONGEST = 20_000

/**
 * Milliseconds before the retry that follows `done` retries: doubled each time, with jitter, so that clients spread
 * out.
 */
export function backoff(done: number, random: () => number = Math.random): number {
  return Math.round(Math.min(LONGEST, FIRST * 2 ** done) * (0.75 + random() / 2))
}

/**
 * The milliseconds that a Retry-After header asks for, as seconds or a date (RFC 9110, 10.2.3). Undefined if it is
 * invalid.
 */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

export const waitFor: Wait = async (milliseconds, signal) => {
  try {
    await sleep(milliseconds, undefined, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
