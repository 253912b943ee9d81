import type { Span } from '../base/source.ts'
import { parse } from './parse.ts'
import type { Dockerfile } from './types.ts'

/** Puts `text` in the place of `span`; an empty span inserts. The text goes in as it is: quoting it is the caller's. */
export interface Edit {
  readonly span: Span
  readonly text: string
}

/**
 * The Dockerfile with some spans of it replaced, parsed anew; everything else stays as it was. All spans are those of the
 * Dockerfile given, in any order; inserts at one place keep their order. Throws a RangeError when spans overlap or lie
 * outside of the text.
 */
export function edit(dockerfile: Dockerfile, edits: Iterable<Edit>): Dockerfile {
  const { name, text } = dockerfile.file
  const sorted = [...edits].sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end)
  const parts: string[] = []
  let copied = 0
  for (const { span, text: replacement } of sorted) {
    if (!(span.start >= copied && span.end >= span.start && span.end <= text.length)) {
      throw new RangeError(`the edit of [${span.start}, ${span.end}) overlaps another one or lies outside of the text`)
    }
    parts.push(text.slice(copied, span.start), replacement)
    copied = span.end
  }
  parts.push(text.slice(copied))
  return parse(parts.join(''), { name })
}
