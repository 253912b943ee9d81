import type { ErrorCode } from '../../index.ts'

/** A command line that can't be carried out. The CLI's own, so that refusing one doesn't load the library. */
export class UsageError extends Error {
  static {
    UsageError.prototype.name = 'UsageError'
  }
  readonly code: ErrorCode
  readonly hint: string | undefined
  /** A word that was not understood and the ones that would have been: for "did you mean". */
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
