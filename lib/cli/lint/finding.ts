// The findings of the linter in one file, from which all output formats are made.
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
  /** The name of the rule, or the code of the error. */
  readonly name: string
  readonly message: string
  readonly file: SourceFile
  readonly span: Span
  readonly start: Position
  readonly end: Position
  /** The page of the rule; errors have none. */
  readonly url?: string
  readonly hint?: string
  readonly isFixable: boolean
}

/** The warnings in the order of the file, then the errors that ended the check. */
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
