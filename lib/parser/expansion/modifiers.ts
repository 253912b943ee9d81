// What `${name#…}`, `${name%…}` and `${name?…}` do to a value.
import { ExpansionFailure } from './expansion-failure.ts'
import { findMatch } from './find-match.ts'
import { parsePattern, reversePattern } from './pattern.ts'

export function requireVariable(name: string, value: string | undefined, notEmpty: boolean, word: string): string {
  if (value !== undefined && !(notEmpty && value === '')) return value
  const reason = word === '' ? `is not allowed to be ${value === undefined ? 'unset' : 'empty'}` : word
  throw new ExpansionFailure(`${name}: ${reason}`, 'VARIABLE_REQUIRED')
}

/** `${name#pattern}` cuts the shortest match at the start off, `${name##pattern}` the longest. */
export function trimPrefix(value: string, word: string): string {
  const greedy = word.startsWith('#')
  return cutStart(Array.from(value), Array.from(greedy ? word.slice(1) : word), greedy).join('')
}

/** `${name%pattern}` and `${name%%pattern}`: the same at the end. */
export function trimSuffix(value: string, word: string): string {
  const greedy = word.startsWith('%')
  const pattern = reversePattern(Array.from(greedy ? word.slice(1) : word))
  return cutStart(Array.from(value).reverse(), pattern, greedy).reverse().join('')
}

function cutStart(value: string[], pattern: readonly string[], greedy: boolean): string[] {
  const match = findMatch(parsePattern(pattern), value, 0, { anchored: true, greedy })
  return match ? value.slice(match.end) : value
}
