// Errors are values with a code and, where there is one, a location. They are rendered once, at the edge. Pure.
import { codeFrame } from './code-frame.ts'
import { formatLocation, type Location, type Position, positionAt, type SourceFile, type Span } from './source.ts'

/**
 * Every code that a {@link TsbuildError} or a {@link Diagnostic} can carry. Codes are stable; each has an entry in
 * docs/errors.md and a test.
 */
export type ErrorCode =
  // parser
  | 'DOCKERFILE_EMPTY'
  | 'DOCKERFILE_SYNTAX'
  | 'DIRECTIVE_INVALID'
  | 'CHECK_FAILED'
  | 'INSTRUCTION_UNKNOWN'
  | 'INSTRUCTION_ARGUMENTS'
  | 'FLAG_UNKNOWN'
  | 'FLAG_INVALID'
  | 'HEREDOC_UNTERMINATED'
  | 'VARIABLE_SYNTAX'
  | 'VARIABLE_REQUIRED'
  // graph
  | 'STAGE_UNKNOWN'
  | 'STAGE_NAME_INVALID'
  | 'STAGE_CYCLE'
  | 'TARGET_UNKNOWN'
  | 'BASE_NAME_EMPTY'
  | 'REFERENCE_INVALID'
  | 'PLATFORM_INVALID'
  | 'BASE_PLATFORM'
  | 'ONBUILD_INVALID'
  | 'IMAGE_NOT_FOUND'
  | 'PLATFORM_NOT_FOUND'
  | 'UNSUPPORTED'
  // context
  | 'CONTEXT_NOT_FOUND'
  | 'CONTEXT_INVALID'
  | 'DOCKERFILE_NOT_FOUND'
  | 'IGNORE_PATTERN'
  | 'CONTEXT_CHANGED'
  | 'GIT_UNAVAILABLE'
  | 'GIT_FAILED'
  // executor
  | 'COPY_SOURCE_NOT_FOUND'
  | 'COPY_DESTINATION'
  | 'COPY_PATTERN'
  | 'CHOWN_INVALID'
  | 'CHMOD_INVALID'
  | 'SYMLINK_LOOP'
  | 'RUN_FAILED'
  | 'RUN_USER_UNKNOWN'
  | 'KEPT_STEP_NOT_FOUND'
  | 'MOUNT_INVALID'
  | 'SECRET_NOT_FOUND'
  | 'SSH_AGENT_NOT_FOUND'
  | 'ENTITLEMENT_MISSING'
  | 'SANDBOX_LACKS'
  | 'SANDBOX_FAILED'
  | 'SANDBOX_UNAVAILABLE'
  // layers
  | 'ARCHIVE_INVALID'
  | 'ARCHIVE_UNSUPPORTED'
  | 'ARCHIVE_TOO_LARGE'
  | 'LAYER_INVALID'
  // oci
  | 'DIGEST_INVALID'
  | 'DIGEST_MISMATCH'
  | 'MANIFEST_INVALID'
  | 'LAYOUT_INVALID'
  | 'IMAGE_INVALID'
  // cache
  | 'STORE_IO'
  | 'STORE_VERSION'
  | 'STORE_OWNER'
  | 'BLOB_NOT_FOUND'
  | 'CACHE_INVALID'
  | 'CACHE_FAILED'
  // http, registry
  | 'HTTP_FAILED'
  | 'HTTP_STATUS'
  | 'REGISTRY_AUTH'
  | 'REGISTRY_INVALID'
  | 'REGISTRY_BLOCKED'
  | 'CREDENTIALS_INVALID'
  | 'SETTINGS_INVALID'
  // export
  | 'OUTPUT_INVALID'
  | 'OUTPUT_IO'
  | 'OUTPUT_INCOMPLETE'
  // any place
  | 'SYSTEM_FAILED'
  // cli and library options
  | 'OPTION_INVALID'
  | 'OPTION_UNKNOWN'

/** A problem found in a source text. Parsing and linting collect these and never throw them. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly code: ErrorCode
  /** One line: lower-case start, no full stop, user input quoted. */
  readonly message: string
  readonly span: Span
  readonly hint?: string
}

export interface TsbuildErrorOptions {
  readonly location?: Location | undefined
  readonly hint?: string | undefined
  /** Lines to show below the code frame, e.g. the last ones that a command printed. */
  readonly details?: readonly string[] | undefined
  /** The step that failed, by the name that progress shows, e.g. `[build 2/5] RUN make`. */
  readonly step?: string | undefined
  /** The exit code of the command that failed; undefined if a signal ended the command. */
  readonly exitCode?: number | undefined
  /** The last lines that the command printed. */
  readonly log?: readonly string[] | undefined
  readonly cause?: unknown
  /** Further errors of the same kind, when several were found at once. */
  readonly others?: readonly TsbuildError[] | undefined
}

/** An error as JSON. Fields without a value are left out. */
export interface TsbuildErrorJson {
  readonly name: string
  readonly code: ErrorCode
  readonly message: string
  /** The file's name, and line and column, counted from 1. */
  readonly location?: { readonly file: string } & Position
  readonly hint?: string
  readonly details?: readonly string[]
  readonly step?: string
  readonly exitCode?: number
  readonly log?: readonly string[]
  /** The message of the cause. */
  readonly cause?: string
  readonly others?: readonly TsbuildErrorJson[]
}

/** The fields that {@link TsbuildError.with} replaces. */
export interface ErrorChanges extends Omit<TsbuildErrorOptions, 'cause'> {
  readonly code?: ErrorCode | undefined
  readonly message?: string | undefined
}

/**
 * The one error that this library throws for anything that is not a bug or an abort.
 *
 * @example
 * ```ts
 * import { build, TsbuildError } from '@tsbuild/tsbuild'
 *
 * try {
 *   await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY missing /\n']]) })
 * } catch (error) {
 *   if (!(error instanceof TsbuildError)) throw error
 *   console.log(error.code) // COPY_SOURCE_NOT_FOUND
 *   console.log(error.location?.span.start) // 18
 * }
 * ```
 */
export class TsbuildError extends Error {
  static {
    TsbuildError.prototype.name = 'TsbuildError'
  }
  readonly code: ErrorCode
  readonly location: Location | undefined
  readonly hint: string | undefined
  readonly details: readonly string[]
  /** The step that failed, by the name that progress shows, e.g. `[build 2/5] RUN make`. */
  readonly step: string | undefined
  /** The exit code of the command that failed; undefined if a signal ended the command, and for other errors. */
  readonly exitCode: number | undefined
  /** The last lines that the command printed, without line ends. */
  readonly log: readonly string[]
  readonly others: readonly TsbuildError[]

  constructor(code: ErrorCode, message: string, options: TsbuildErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.location = options.location
    this.hint = options.hint
    this.details = options.details ?? []
    this.step = options.step
    this.exitCode = options.exitCode
    this.log = options.log ?? []
    this.others = options.others ?? []
  }

  /**
   * The error for JSON.stringify(): with its message, and with the line and column of its location instead of the
   * source text.
   */
  toJSON(): TsbuildErrorJson {
    const { name, code, message, location, hint, details, step, exitCode, log, others, cause } = this
    const position = location && positionAt(location.file.text, location.span.start)
    return {
      name,
      code,
      message,
      ...(location && position && { location: { file: location.file.name, ...position } }),
      ...(hint !== undefined && { hint }),
      ...(details.length > 0 && { details }),
      ...(step !== undefined && { step }),
      ...(exitCode !== undefined && { exitCode }),
      ...(log.length > 0 && { log }),
      ...(cause !== undefined && { cause: messageOf(cause) }),
      ...(others.length > 0 && { others: others.map((other) => other.toJSON()) }),
    }
  }

  /**
   * The error with some fields replaced; undefined keeps a field. A replaced message or code makes a new error, whose
   * cause is this one. Otherwise the copy stands for the same failure: it keeps the stack and the cause.
   * @internal
   */
  with(changes: ErrorChanges): TsbuildError {
    const { code = this.code, message = this.message } = changes
    const isNew = code !== this.code || message !== this.message
    const copy = new TsbuildError(code, message, {
      location: changes.location ?? this.location,
      hint: changes.hint ?? this.hint,
      details: changes.details ?? this.details,
      step: changes.step ?? this.step,
      exitCode: changes.exitCode ?? this.exitCode,
      log: changes.log ?? this.log,
      others: changes.others ?? this.others,
      cause: isNew ? this : this.cause,
    })
    if (!isNew && this.stack !== undefined) copy.stack = this.stack
    return copy
  }
}

/** An error with a location added, if it is a {@link TsbuildError} without one; any other error as it is. */
export function withLocation(error: unknown, location: Location | undefined): unknown {
  return error instanceof TsbuildError && !error.location && location ? error.with({ location }) : error
}

/** An error with the name of its step added, if it is a {@link TsbuildError}; any other error as it is. */
export function withStep(error: unknown, step: string): unknown {
  return error instanceof TsbuildError && error.step === undefined ? error.with({ step }) : error
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * Throws the errors among diagnostics as one: the first, with the rest as its `others`. Returns if there are none.
 *
 * @example
 * ```ts
 * import { failOnErrors, parse, TsbuildError } from '@tsbuild/tsbuild'
 *
 * const { file, diagnostics } = parse('FROM scratch\nRNU make\n')
 * try {
 *   failOnErrors(file, diagnostics)
 * } catch (error) {
 *   console.log(error instanceof TsbuildError && error.code) // INSTRUCTION_UNKNOWN
 * }
 * ```
 */
export function failOnErrors(file: SourceFile, diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter((d) => d.severity === 'error').map((d) => ({ d, location: { file, span: d.span } }))
  const [first, ...rest] = errors
  if (!first) return
  const others = rest.map(({ d, location }) => new TsbuildError(d.code, d.message, { location, hint: d.hint }))
  throw new TsbuildError(first.d.code, first.d.message, { location: first.location, hint: first.d.hint, others })
}

/**
 * A diagnostic as text: `file:line:col: severity: message [CODE]`, its code frame and its hint.
 *
 * @example
 * ```ts
 * import { formatDiagnostic, parse } from '@tsbuild/tsbuild'
 *
 * const { file, diagnostics } = parse('FROM scratch\nRNU make\n')
 * for (const diagnostic of diagnostics) console.log(formatDiagnostic(file, diagnostic).split('\n')[0])
 * // Dockerfile:2:1: error: unknown instruction "RNU" [INSTRUCTION_UNKNOWN]
 * ```
 */
export function formatDiagnostic(file: SourceFile, diagnostic: Diagnostic): string {
  const { severity, code, message, span, hint } = diagnostic
  return format(severity, { code, message, location: { file, span }, hint })
}

/**
 * An error as a user should see it, without a stack: location, code, frame, hint, and its `others`.
 *
 * @example
 * ```ts
 * import { formatError, planBuild, TsbuildError } from '@tsbuild/tsbuild'
 *
 * const context = new Map([['Dockerfile', 'FROM scratch\n']])
 * try {
 *   await planBuild({ context, target: 'web' })
 * } catch (error) {
 *   if (error instanceof TsbuildError) console.log(formatError(error).includes('TARGET_UNKNOWN')) // true
 * }
 * ```
 */
export function formatError(error: TsbuildError): string {
  const all = [error, ...error.others]
  return all.map((e) => format('error', e)).join('\n\n')
}

/** The parts of an error or a diagnostic that a user sees. */
interface Problem {
  readonly code: string
  readonly message: string
  readonly location?: Location | undefined
  readonly hint?: string | undefined
  readonly details?: readonly string[]
}

function format(severity: string, { code, message, location, hint, details = [] }: Problem): string {
  const start = location ? `${formatLocation(location)}: ` : ''
  const frame = location ? `\n${codeFrame(location)}` : ''
  const more = details.map((line) => `\n${line}`).join('')
  return `${start}${severity}: ${message} [${code}]${frame}${more}${hint ? `\nhint: ${hint}` : ''}`
}
