import type { LintReport, SourceFile } from '../../index.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import type { Screen } from '../terminal/terminal.ts'
import { findingsOf } from './finding.ts'
import { formatGithub } from './format-github.ts'
import { formatJson } from './format-json.ts'
import { formatSarif } from './format-sarif.ts'
import { formatText } from './format-text.ts'

export type LintFormat = 'text' | 'json' | 'sarif' | 'github'

export const LINT_FORMATS: readonly LintFormat[] = ['text', 'json', 'sarif', 'github']

/** Prints a report, and returns the exit code. Warnings alone fail only if the Dockerfile has `# check=error=true`. */
export function showReport(file: SourceFile, report: LintReport, format: LintFormat, screen: Screen): number {
  screen.write(format === 'text' ? formatText(file, report, screen) : formatters[format](findingsOf(file, report)))
  const failed = report.error !== undefined || (report.failOnWarnings && report.warnings.length > 0)
  return failed ? EXIT_CODES.failed : EXIT_CODES.ok
}

const formatters = { json: formatJson, sarif: formatSarif, github: formatGithub } as const
