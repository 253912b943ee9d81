// Errors as plain data, to pass them from one process to another.
import { errnoOf } from './errno.ts'
import { type ErrorCode, messageOf, TsbuildError } from './errors.ts'
import type { Location } from './source.ts'

/** An error without its class, safe for JSON. */
export interface ErrorRecord {
  readonly message: string
  readonly stack?: string | undefined
  readonly cause?: ErrorRecord | undefined
  /** The code of a system error. */
  readonly errno?: string | undefined
  readonly syscall?: string | undefined
  /** The fields of a {@link TsbuildError}. */
  readonly known?: KnownFields | undefined
}

interface KnownFields {
  readonly code: ErrorCode
  readonly location?: Location | undefined
  readonly hint?: string | undefined
  readonly details: readonly string[]
  readonly step?: string | undefined
  readonly exitCode?: number | undefined
  readonly log: readonly string[]
  readonly others: readonly ErrorRecord[]
}

/** Anything that was thrown as a record, with the chain of its causes. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { message: messageOf(error) }
  const { message, stack } = error
  const cause = error.cause === undefined ? undefined : toErrorRecord(error.cause)
  if (!(error instanceof TsbuildError))
    return { message, stack, cause, errno: errnoOf(error), syscall: syscallOf(error) }
  const { code, location, hint, details, step, exitCode, log, others } = error
  const known = { code, location, hint, details, step, exitCode, log, others: others.map(toErrorRecord) }
  return { message, stack, cause, known }
}

/**
 * The error that a record was made of: a {@link TsbuildError}, or else a plain Error. It has the stack of the first
 * process.
 */
export function fromErrorRecord({ message, stack, cause, errno, syscall, known }: ErrorRecord): Error {
  const options = cause && { cause: fromErrorRecord(cause) }
  const error = known ? toTsbuildError(message, known, options) : new Error(message, options)
  if (errno !== undefined) Object.assign(error, { code: errno })
  if (syscall !== undefined) Object.assign(error, { syscall })
  if (stack !== undefined) error.stack = stack
  return error
}

function syscallOf(error: Error): string | undefined {
  return 'syscall' in error && typeof error.syscall === 'string' ? error.syscall : undefined
}

function toTsbuildError(message: string, known: KnownFields, options: ErrorOptions | undefined): TsbuildError {
  const { code, others, ...rest } = known
  const errors = others.map(fromErrorRecord).filter((error) => error instanceof TsbuildError)
  return new TsbuildError(code, message, { ...rest, ...options, others: errors })
}
