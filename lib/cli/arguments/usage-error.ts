import type { ErrorCode } from '../../index.ts'

/** An error in the command line. It is a class of its own, so that it can be thrown without loading the library. */
export class UsageError extends Error {
  static {
    UsageError.prototype.name = 'UsageError'
  }
  readonly code: ErrorCode
  readonly hint: string | undefined
  /** An unknown word and the valid ones, for "did you mean". */
  readonly unknown:
    | { readonly word: string; readonly candidates: readonly string[]; readonly prefix: string }
    | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      readonly hint?: string | undefined
      readonly unknown?: UsageError['unknown']
      readonly cause?: unknown
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.unknown = options.unknown
  }
}
