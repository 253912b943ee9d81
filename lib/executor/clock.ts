/** The clock of one call. */
export interface Clock {
  /** The time in milliseconds since 1970. */
  now(): number
}

export const SYSTEM_CLOCK: Clock = { now: () => Date.now() }
