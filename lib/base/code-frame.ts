import { type Location, positionAt } from './source.ts'

/** Draws the source lines around a location, with a `>` at its lines and `^` under its characters. */
export function codeFrame(location: Location, options: { readonly context?: number } = {}): string {
  const { text } = location.file
  const context = options.context ?? 2
  const start = positionAt(text, location.span.start)
  const end = positionAt(text, Math.max(location.span.start, location.span.end - 1))
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  // A text that ends with a line break has no further line, unless the location points at its end.
  if (lines.length > Math.max(1, end.line) && lines.at(-1) === '') lines.pop()
  const last = Math.min(end.line, start.line + 9)
  const from = Math.max(1, start.line - context)
  const to = Math.min(lines.length, last + context)
  const width = String(to).length
  const out: string[] = []
  for (let n = from; n <= to; n++) {
    const line = lines[n - 1] ?? ''
    const hit = n >= start.line && n <= last
    out.push(`${hit ? '>' : ' '} ${String(n).padStart(width)} | ${expandTabs(line)}`.trimEnd())
    if (!hit) continue
    const first = n === start.line ? start.column : 1 + (line.length - line.trimStart().length)
    const final = n === end.line ? end.column : line.trimEnd().length
    const marks = Math.max(1, final - first + 1)
    const indent = expandTabs(line.slice(0, first - 1)).length
    out.push(`  ${' '.repeat(width)} | ${' '.repeat(indent)}${'^'.repeat(marks)}`)
  }
  return out.join('\n')
}

const expandTabs = (line: string): string => line.replaceAll('\t', '    ')
