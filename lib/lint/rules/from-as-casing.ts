import type { Span } from '../../base/source.ts'
import type { From } from '../../parser/types.ts'
import type { Rule } from '../rule.ts'

export const fromAsCasing: Rule = {
  name: 'FromAsCasing',
  description: 'AS has the case of its FROM',
  checks: {
    from({ from, words, text }, report) {
      const { value: keyword } = from.keyword
      const as = words[1]
      if (words.length < 3 || as === undefined) return
      const isLower = keyword === keyword.toLowerCase()
      // A keyword of mixed case is a matter for ConsistentInstructionCasing.
      if (!isLower && keyword !== keyword.toUpperCase()) return
      const wanted = isLower ? as.toLowerCase() : as.toUpperCase()
      if (as === wanted) return
      const span = asSpan(from, text)
      const fix = span && [{ span, text: wanted }]
      report(`'${as}' and '${keyword}' keywords' casing do not match`, { span: span ?? from.span, fix })
    },
  },
}

/** Where AS is written, when nothing but white space is around it. */
function asSpan({ image, name }: From, text: string): Span | undefined {
  if (!name) return undefined
  const between = /^(\s+)as\s+$/i.exec(text.slice(image.span.end, name.span.start))
  if (!between) return undefined
  const start = image.span.end + (between[1] ?? '').length
  return { start, end: start + 2 }
}
