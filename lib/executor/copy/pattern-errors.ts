// Patterns that an instruction holds and that are no patterns.
import { TsbuildError } from '../../base/errors.ts'
import { BadPattern } from '../../context/ignore/glob-syntax.ts'

/** Runs what reads the patterns. Errors with `COPY_PATTERN`. */
export function withPatternErrors<T>(patterns: readonly string[], action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw patternError(patterns, error)
  }
}

/** The error to report for an invalid pattern; any other error unchanged. */
export function patternError(patterns: readonly string[], cause: unknown): unknown {
  if (!(cause instanceof BadPattern)) return cause
  const texts = patterns.map((pattern) => JSON.stringify(pattern)).join(', ')
  return new TsbuildError('COPY_PATTERN', `invalid pattern: ${texts} ${cause.message}`, { cause })
}
