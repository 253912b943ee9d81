import type { EscapeCharacter, Flag } from '../types.ts'
import { isAsciiSpace, skipSpace } from '../white-space.ts'
import { type LogicalLine, sourceSpan } from './logical-line.ts'

/**
 * Reads the `--name=value` words at the start of `[from, to)`, without their quotes and escapes. A lone `--`
 * ends the flags. `end` is the offset of the arguments.
 */
export function scanFlags(
  line: LogicalLine,
  from: number,
  to: number,
  escapeCharacter: EscapeCharacter,
): { readonly flags: readonly Flag[]; readonly end: number } {
  const flags: Flag[] = []
  let at = skipSpace(line.text, from, to, isAsciiSpace)
  while (at + 1 < to && line.text.startsWith('--', at)) {
    const word = scanWord(line.text, at, to, escapeCharacter)
    if (word.value === '--') return { flags, end: word.end }
    flags.push(toFlag(line, at, word))
    at = skipSpace(line.text, word.end, to, isAsciiSpace)
  }
  return { flags, end: at }
}

interface FlagWord {
  readonly value: string
  readonly end: number
  /** The offset after the first `=`. */
  readonly valueStart: number | undefined
}

function scanWord(text: string, from: number, to: number, escapeCharacter: EscapeCharacter): FlagWord {
  let value = ''
  let quote = ''
  let valueStart: number | undefined
  let at = from
  for (; at < to; at++) {
    let character = text.charAt(at)
    if (quote === '' && isAsciiSpace(text.charCodeAt(at))) break
    if (quote === '' ? character === '"' || character === "'" : character === quote) {
      quote = quote === '' ? character : ''
      continue
    }
    if (character === escapeCharacter) {
      if (++at === to) break
      character = text.charAt(at)
    }
    if (character === '=') valueStart ??= at + 1
    value += character
  }
  return { value, end: at, valueStart }
}

function toFlag(line: LogicalLine, from: number, { value, end, valueStart }: FlagWord): Flag {
  const span = sourceSpan(line, from, end)
  const equals = value.indexOf('=')
  if (equals === -1 || valueStart === undefined) {
    return { name: value.slice(2), value: undefined, span, valueSpan: undefined }
  }
  const valueSpan = { start: sourceSpan(line, valueStart - 1, valueStart).end, end: span.end }
  return { name: value.slice(2, equals), value: value.slice(equals + 1), span, valueSpan }
}
