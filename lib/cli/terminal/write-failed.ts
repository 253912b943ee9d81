import { TsbuildError } from '../../base/errors.ts'
import { remedyOf } from '../../base/system-failure.ts'

/** The error of a command whose results could not be written. */
export function writeFailed(cause: Error): TsbuildError {
  return new TsbuildError('OUTPUT_IO', `cannot write standard output: ${cause.message}`, {
    hint: remedyOf(cause),
    cause,
  })
}
