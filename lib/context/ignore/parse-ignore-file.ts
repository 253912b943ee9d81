import { goClean } from '../../base/paths.ts'
import type { SourceFile, Span } from '../../base/source.ts'

/** A line of an ignore file that holds a pattern. */
export interface IgnoreLine {
  /** The pattern, cleaned and relative, with a leading `!` if it is an exception. */
  readonly pattern: string
  /** The span of the text without the white space around it. */
  readonly span: Span
}

// Unicode's white space. Unlike String.prototype.trim it includes U+0085, and not the byte order mark.
const SPACE = '[\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+'
const AROUND = new RegExp(`^${SPACE}|${SPACE}$`, 'g')

/** Trims white space as Go's strings.TrimSpace does. */
export function trimSpace(text: string): string {
  return text.replace(AROUND, '')
}

/**
 * The patterns of a `.dockerignore` in order. Lines that start with `#` are comments. A byte order mark is
 * skipped, and a leading slash has no meaning. The patterns are checked later, when they are compiled.
 */
export function parseIgnoreFile(file: SourceFile): readonly IgnoreLine[] {
  const lines: IgnoreLine[] = []
  const { text } = file
  let start = text.startsWith('\ufeff') ? 1 : 0
  while (start < text.length) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    const line = text.slice(start, end)
    const trimmed = trimSpace(line)
    if (!line.startsWith('#') && trimmed !== '') {
      const from = start + line.indexOf(trimmed)
      lines.push({ pattern: normalize(trimmed), span: { start: from, end: from + trimmed.length } })
    }
    start = end + 1
  }
  return lines
}

function normalize(text: string): string {
  const exception = text.startsWith('!')
  let pattern = exception ? trimSpace(text.slice(1)) : text
  if (pattern !== '') {
    pattern = goClean(pattern)
    if (pattern.length > 1 && pattern.startsWith('/')) pattern = pattern.slice(1)
  }
  return exception ? `!${pattern}` : pattern
}
