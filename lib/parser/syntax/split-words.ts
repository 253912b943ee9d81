import type { EscapeCharacter, Word } from '../types.ts'
import { isSeparator, isSpace, skipSpace, skipWord } from '../white-space.ts'
import { type LogicalLine, wordAt } from './logical-line.ts'

/** Splits `[from, to)` at white space, as most instructions do. */
export function splitAtSpace(line: LogicalLine, from: number, to: number): Word[] {
  const words: Word[] = []
  for (let at = from; at < to; ) {
    const end = skipWord(line.text, at, to, isSeparator)
    words.push(wordAt(line, at, end))
    at = skipSpace(line.text, end, to, isSeparator)
  }
  return words
}

/** A range of the logical line. */
export interface Range {
  readonly from: number
  readonly to: number
}

/**
 * Splits `[from, to)` at white space outside quotes, as ARG, ENV and LABEL do. Quotes and escapes stay in the
 * words, but an escape character at the very end is dropped.
 */
export function splitQuoted(text: string, from: number, to: number, escapeCharacter: EscapeCharacter): Range[] {
  const words: Range[] = []
  let at = skipSpace(text, from, to)
  while (at < to) {
    const start = at
    at = endOfWord(text, start, to, escapeCharacter)
    // An offset past the end means that the last character is an escape without a character after it.
    const end = at > to ? to - 1 : at
    if (end > start) words.push({ from: start, to: end })
    at = skipSpace(text, Math.min(at, to), to)
  }
  return words
}

function endOfWord(text: string, from: number, to: number, escapeCharacter: EscapeCharacter): number {
  let quote = ''
  let at = from
  for (; at < to; at++) {
    const character = text.charAt(at)
    if (quote === '' && isSpace(text.charCodeAt(at))) break
    if (character === escapeCharacter && quote !== "'") at++
    else if (quote === '' && (character === '"' || character === "'")) quote = character
    else if (character === quote) quote = ''
    if (at === to) return to + 1
  }
  return at
}
