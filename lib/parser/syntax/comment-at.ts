import type { Comment } from '../types.ts'
import { skipSpace, trimEnd } from '../white-space.ts'
import type { LineReader } from './line-reader.ts'

/** The comment of the current line, whose `#` is at `from`. */
export function commentAt({ text, end }: LineReader, from: number): Comment {
  const trimmed = trimEnd(text, from, end)
  const textFrom = skipSpace(text, from + 1, trimmed)
  return { text: text.slice(textFrom, trimmed), span: { start: from, end: trimmed } }
}
