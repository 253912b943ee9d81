import { findMatch } from './find-match.ts'
import { checkLength } from './lexer-state.ts'
import { parsePattern } from './pattern.ts'

/**
 * `${name/pattern/replacement}`, or with `all` `${name//pattern/replacement}`. Matches are as long as possible.
 * As in BuildKit, `$` is special in the replacement if all matches are replaced: see {@link expandTemplate}.
 */
export function replacePattern(
  value: string,
  { pattern, replacement, all }: { readonly pattern: string; readonly replacement: string; readonly all: boolean },
): string {
  const steps = parsePattern(Array.from(pattern))
  const text = Array.from(value)
  let result = ''
  let copied = 0
  let previousEnd = -1
  for (let from = 0; from <= text.length; ) {
    const match = findMatch(steps, text, from, { anchored: false, greedy: true })
    if (!match) break
    from = match.end > match.start ? match.end : match.end + 1
    // An empty match directly after the previous match does not count.
    if (match.end === match.start && match.start === previousEnd) continue
    previousEnd = match.end
    const matched = text.slice(match.start, match.end).join('')
    result += text.slice(copied, match.start).join('') + (all ? expandTemplate(replacement, matched) : replacement)
    checkLength(result.length)
    copied = match.end
    if (!all) break
  }
  return result + text.slice(copied).join('')
}

/**
 * Go's `Regexp.Expand` for an expression without groups: `$0` is the match, `$$` a dollar, any other `$name`
 * nothing.
 */
function expandTemplate(template: string, match: string): string {
  return template.replace(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (found, braced?: string, bare?: string) => {
      if (found === '$$') return '$'
      return (braced ?? bare) === '0' ? match : ''
    },
  )
}
