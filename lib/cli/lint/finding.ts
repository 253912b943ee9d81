// What the linter found in one file, in the form that all output formats start from.
import {
  type LintReport,
  type Position,
  positionAt,
  type SourceFile,
  type Span,
  type TsbuildError,
} from '../../index.ts'

export interface Finding {
  readonly level: 'warning' | 'error'
  /** The rule, or the error's code. */
  readonly name: string
  readonly message: string
  readonly file: SourceFile
  readonly span: Span
  readonly start: Position
  readonly end: Position
  /** The rule's page; errors have none. */
  readonly url?: string
  readonly hint?: string
  readonly isFixable: boolean
}

/** Warnings from the top of the file to its end, then what ended the check. */
export function findingsOf(file: SourceFile, { warnings, error }: LintReport): readonly Finding[] {
  const found = warnings.map(
    ({ rule, message, span, url, fix }): Finding => ({
      level: 'warning',
      name: rule,
      message,
      ...placeOf(file, span),
      url,
      isFixable: fix !== undefined,
    }),
  )
  const sorted = found.toSorted((a, b) => a.start.line - b.start.line || a.start.column - b.start.column)
  return [...sorted, ...(error ? [error, ...error.others].map((one) => errorFinding(file, one)) : [])]
}

function errorFinding(main: SourceFile, { code, message, location, hint }: TsbuildError): Finding {
  const place = placeOf(location?.file ?? main, location?.span ?? { start: 0, end: 0 })
  return { level: 'error', name: code, message, ...place, ...(hint !== undefined && { hint }), isFixable: false }
}

function placeOf(file: SourceFile, span: Span): Pick<Finding, 'file' | 'span' | 'start' | 'end'> {
  return { file, span, start: positionAt(file.text, span.start), end: positionAt(file.text, span.end) }
}
