// The reason why a step was not found in the cache.

/** One line, and what there is to say at length. Values of secrets are in neither. */
export interface Miss {
  /** Lower-case start, no full stop: `main.js changed, and 3 other files`. */
  readonly reason: string
  /** Lines, at most {@link MAX_DETAILS}. */
  readonly details: readonly string[]
  /** Whether no build is known that made the step, with whatever result. */
  readonly isFirst?: true
}

/** The lines that a reason may have at length. */
export const MAX_DETAILS = 100

/** The miss of a step that there is no record of. */
export function neverBuilt(isImporting: boolean): Miss {
  const reason = isImporting ? 'neither the store nor an imported cache has a record of it' : 'it was never built here'
  return { reason, details: [], isFirst: true }
}

/** The miss of a step whose cache is switched off. */
export const NO_CACHE: Miss = { reason: 'the cache is switched off for it', details: [] }

/** Some of these things, and how many others there are: `a, and 3 other files`. */
export function someOf(first: string, others: number, noun: string): string {
  if (others === 0) return first
  return `${first}, and ${others} other ${noun}${others === 1 ? '' : 's'}`
}
