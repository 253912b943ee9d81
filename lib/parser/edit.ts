import type { Span } from '../base/source.ts'
import { parse } from './parse.ts'
import type { Dockerfile } from './types.ts'

/** Replaces `span` by `text`; an empty span inserts. The text is used as it is: quoting is up to the caller. */
export interface Edit {
  readonly span: Span
  readonly text: string
}

/**
 * Replaces spans of a Dockerfile and parses the result; all other text stays as it was. The spans refer to the
 * given Dockerfile and may come in any order. Insertions at one position keep their order. Throws a RangeError
 * if spans overlap or lie outside the text.
 *
 * @example
 * ```ts
 * import { edit, parse, stringify } from '@tsbuild/tsbuild/parser'
 *
 * const dockerfile = parse('FROM node:20\n')
 * const [from] = dockerfile.instructions
 * if (from?.kind === 'FROM') {
 *   console.log(stringify(edit(dockerfile, [{ span: from.image.span, text: 'node:22' }])).trim())
 * }
 * // FROM node:22
 * ```
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
