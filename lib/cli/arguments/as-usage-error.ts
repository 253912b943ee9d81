import { TsbuildError } from '../../base/errors.ts'
import { UsageError } from './usage-error.ts'

/**
 * An error about a flag's value as an error about the command line. Anything but a {@link TsbuildError} stays
 * as it is.
 */
export function asUsageError(error: unknown): unknown {
  if (!(error instanceof TsbuildError)) return error
  return new UsageError(error.code, error.message, { hint: error.hint, cause: error })
}
