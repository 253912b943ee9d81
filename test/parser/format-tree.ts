import type { Diagnostic } from '../../lib/base/errors.ts'
import { positionAt, type Span } from '../../lib/base/source.ts'
import type { Dockerfile, Instruction } from '../../lib/parser/index.ts'

/**
 * A parsed Dockerfile as readable text: instructions with their fields, each word with its location, then
 * diagnostics.
 */
export function formatTree(dockerfile: Dockerfile): string {
  const { file, directives, instructions, stages, diagnostics } = dockerfile
  const lines = directives.map(
    ({ name, value, valueSpan }) => `directive ${name} ${wordAt(file.text, value, valueSpan)}`,
  )
  for (const instruction of instructions) lines.push(...formatInstruction(file.text, instruction, ''))
  for (const { index, name, instructions: inside } of stages) {
    lines.push(`stage ${index} ${name ?? '-'}: ${inside.map(({ kind }) => kind).join(' ')}`)
  }
  return `${[...lines, ...diagnostics.map((diagnostic) => formatProblem(file.text, diagnostic))].join('\n')}\n`
}

function formatProblem(text: string, { severity, code, message, span, hint }: Diagnostic): string {
  return `${severity} ${code} @${placeOf(text, span)} ${message}${hint ? `\n  hint: ${hint}` : ''}`
}

function formatInstruction(text: string, instruction: Instruction, indent: string): string[] {
  const { kind, keyword, flags, heredocs, span, startLine, endLine, original, comments, emptyLines, ...fields } =
    instruction
  const lines = [`${indent}${kind} ${startLine}-${endLine} ${JSON.stringify(original)}`]
  const add = (name: string, value: unknown): void => {
    lines.push(`${indent}  ${name}: ${formatValue(text, value)}`)
  }
  for (const comment of comments) add('comment', comment.text)
  if (emptyLines.length > 0) add('emptyLines', emptyLines.length)
  for (const { name, value, span: flagSpan } of flags) add(`flag ${name}`, { value: value ?? true, span: flagSpan })
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'trigger' && value) lines.push(...formatInstruction(text, value as Instruction, `${indent}  `))
    else if (value !== undefined && value !== false && value !== 0 && !(Array.isArray(value) && value.length === 0))
      add(name, value)
  }
  for (const heredoc of heredocs) add('heredoc', heredoc)
  return lines
}

function formatValue(text: string, value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => formatValue(text, item)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const { span, valueSpan, contentSpan, ...fields } = value as Readonly<Record<string, unknown>>
  const entries = Object.entries(fields).filter(([, field]) => field !== undefined)
  const place = span ? `@${placeOf(text, span as Span)}` : ''
  const [only] = entries
  if (only?.[0] === 'value' && entries.length === 1) return `${JSON.stringify(only[1])}${place}`
  return `{ ${entries.map(([name, field]) => `${name} ${formatValue(text, field)}`).join(', ')} }${place}`
}

const wordAt = (text: string, value: string, span: Span): string => `${JSON.stringify(value)}@${placeOf(text, span)}`

/** `line:column+length` */
function placeOf(text: string, { start, end }: Span): string {
  const { line, column } = positionAt(text, start)
  return `${line}:${column}+${end - start}`
}
