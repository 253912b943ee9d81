// The patterns in `${name#…}`, `${name%…}` and `${name/…/…}`: `*`, `?` and escapes, without bracket expressions.
import { ExpansionFailure } from './expansion-failure.ts'

/**
 * A step of a pattern: one given character, any character, or any number of characters. None but a given one
 * matches a newline.
 */
export type PatternStep = { readonly character: string } | 'any' | 'many'

/**
 * Parses a pattern, given as an array of code points. Its escape character is always `\`, whatever the
 * Dockerfile uses.
 */
export function parsePattern(pattern: readonly string[]): PatternStep[] {
  const steps: PatternStep[] = []
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] ?? ''
    if (character === '*') {
      if (steps.at(-1) !== 'many') steps.push('many')
    } else if (character === '?') steps.push('any')
    else if (character === '\\') {
      const next = pattern[i + 1] ?? ''
      // `\}` and `\/` are escapes of the surrounding `${}`. The next iteration reads the character itself.
      if (next === '}' || next === '/') continue
      if (next !== '*' && next !== '?' && next !== '\\') throw invalidEscape(pattern, next)
      steps.push({ character: next })
      i++
    } else steps.push({ character })
  }
  return steps
}

/** Reverses a pattern. An escape stays in front of the character that it escapes. */
export function reversePattern(pattern: readonly string[]): string[] {
  const reversed: string[] = []
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] ?? ''
    const next = pattern[i + 1]
    if (character === '\\' && next !== undefined) {
      reversed.push(next, character)
      i++
    } else reversed.push(character)
  }
  return reversed.reverse()
}

function invalidEscape(pattern: readonly string[], next: string): ExpansionFailure {
  return new ExpansionFailure(
    `invalid escape ${JSON.stringify(`\\${next}`)} in pattern ${JSON.stringify(pattern.join(''))}`,
  )
}
