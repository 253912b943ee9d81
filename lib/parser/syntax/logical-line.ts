// The logical line of an instruction: its physical lines, joined without their continuation characters.
import type { Span } from '../../base/source.ts'
import type { Word } from '../types.ts'

/** A part of the logical line: its offset there, and its offset in the source. */
export interface Piece {
  readonly at: number
  readonly source: number
}

export interface LogicalLine {
  readonly text: string
  /** In order; there is at least one. */
  readonly pieces: readonly Piece[]
}

/** The span in the source of a range of the logical line, including continuations inside it. */
export function sourceSpan(line: LogicalLine, from: number, to: number): Span {
  const start = sourceOffset(line, from)
  return { start, end: to > from ? sourceOffset(line, to - 1) + 1 : start }
}

/** A range of the logical line as a word. */
export function wordAt(line: LogicalLine, from: number, to: number, value: string = line.text.slice(from, to)): Word {
  return { value, span: sourceSpan(line, from, to) }
}

function sourceOffset({ pieces }: LogicalLine, offset: number): number {
  let low = 0
  let high = pieces.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((pieces[middle]?.at ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  const piece = pieces[low]
  return piece ? piece.source + offset - piece.at : offset
}
