// An instruction on one logical line: its physical lines without continuation characters, joined.
import type { Span } from '../../base/source.ts'
import type { Word } from '../types.ts'

/** A stretch of the logical text and where it comes from. */
interface Piece {
  readonly at: number
  readonly source: number
}

export interface LogicalText {
  readonly text: string
  /** In order; there is at least one. */
  readonly pieces: readonly Piece[]
}

/** The span in the source of a range of the logical text; it covers the continuations inside. */
export function sourceSpan(line: LogicalText, from: number, to: number): Span {
  const start = sourceOffset(line, from)
  return { start, end: to > from ? sourceOffset(line, to - 1) + 1 : start }
}

/** A range of the logical text as a word. */
export function wordAt(line: LogicalText, from: number, to: number, value: string = line.text.slice(from, to)): Word {
  return { value, span: sourceSpan(line, from, to) }
}

function sourceOffset({ pieces }: LogicalText, offset: number): number {
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
