import { cleanPath } from '../../base/paths.ts'
import { createPatternMatcher, type PatternMatcher } from '../../context/ignore/ignore-matcher.ts'
import { withPatternErrors } from './pattern-errors.ts'

/**
 * `--parents`: the copy starts at the part before `/./`, and keeps the rest as directories in the destination. The
 * root, such as `.`, is copied as a whole. As in BuildKit nothing matches where nothing follows `/./`.
 */
export function splitParents(source: string): { path: string; include: PatternMatcher | undefined } {
  const pivot = source.indexOf('/./')
  const [start, rest] = pivot === -1 ? ['', source] : [source.slice(0, pivot), source.slice(pivot + 3)]
  const kept = cleanPath(rest)
  const isWhole = pivot === -1 && kept === ''
  const include = isWhole ? undefined : withPatternErrors([source], () => createPatternMatcher([kept]))
  return { path: cleanPath(start), include }
}
