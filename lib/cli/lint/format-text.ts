import { codeFrame } from '../../base/code-frame.ts'
import { count } from '../../base/count.ts'
import { formatError, type LintReport, type SourceFile } from '../../index.ts'
import { maskTokens } from '../../internal/index.ts'
import { colorReport } from '../terminal/color-report.ts'
import { painter } from '../terminal/paint.ts'
import { printable } from '../terminal/text-width.ts'
import { type Finding, findingsOf } from './finding.ts'

/** Every finding with its code frame, and a summary. */
export function formatText(file: SourceFile, report: LintReport, { color }: { readonly color: boolean }): string {
  const { warnings, error } = report
  const frames = findingsOf(file, { ...report, error: undefined }).map(frame)
  const fixable = warnings.filter(({ fix }) => fix !== undefined).length
  const advice = fixable === 0 ? '' : `, ${fixable} of which \`tsbuild lint --fix\` can fix`
  const summary = warnings.length === 0 ? 'no warnings' : `${count(warnings.length, 'warning')}${advice}`
  const parts = [...frames, ...(error ? [maskTokens(formatError(error))] : []), `${file.name}: ${summary}`]
  const safe = parts.join('\n\n').split('\n').map(printable).join('\n')
  return `${colorReport(safe, painter(color))}\n`
}

function frame({ file, span, start, level, message, name, url }: Finding): string {
  const head = `${file.name}:${start.line}:${start.column}: ${level}: ${message} [${name}]`
  // The lines of the code frame may hold a secret.
  const masked = { ...file, text: maskTokens(file.text) }
  return `${head}\n${codeFrame({ file: masked, span })}\nhint: see ${url}`
}
