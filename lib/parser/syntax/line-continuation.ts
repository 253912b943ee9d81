// Line continuations: the escape character at the end of a line joins the next line to it.
import type { Span } from '../../base/source.ts'
import type { Comment, EscapeCharacter } from '../types.ts'
import { skipSpace, trimEnd } from '../white-space.ts'
import { commentAt } from './comment-at.ts'
import { type LineReader, nextLine } from './line-reader.ts'
import type { LogicalLine, Piece } from './logical-line.ts'

interface JoinedLines {
  readonly line: LogicalLine
  /** The comment lines between the lines. */
  readonly comments: readonly Comment[]
  readonly emptyLines: readonly Span[]
}

/** Joins the lines of an instruction. The reader is at its first line, and moves to its last. */
export function joinLines(reader: LineReader, from: number, escapeCharacter: EscapeCharacter): JoinedLines {
  const { text } = reader
  const comments: Comment[] = []
  const parts: string[] = []
  const pieces: Piece[] = []
  const emptyLines: Span[] = []
  let length = 0
  const add = (start: number): boolean => {
    const cut = continuationAt(text, start, reader.end, escapeCharacter)
    const part = text.slice(start, cut ?? reader.end)
    pieces.push({ at: length, source: start })
    parts.push(part)
    length += part.length
    return cut !== undefined
  }
  let continues = add(from)
  while (continues && nextLine(reader)) {
    const first = skipSpace(text, reader.start, reader.end)
    if (first === reader.end) emptyLines.push({ start: reader.start, end: reader.end })
    else if (text.charAt(first) === '#') comments.push(commentAt(reader, first))
    else continues = add(reader.start)
  }
  return { line: { text: parts.join(''), pieces }, comments, emptyLines }
}

/** The offset of the continuation character at the end of a line, if there is one. An escaped one does not count. */
function continuationAt(text: string, from: number, to: number, character: EscapeCharacter): number | undefined {
  const end = trimEnd(text, from, to, (code) => code === 0x20 || code === 0x09)
  const at = end - 1
  if (at < from || text.charAt(at) !== character) return undefined
  return at > from && text.charAt(at - 1) === character ? undefined : at
}
