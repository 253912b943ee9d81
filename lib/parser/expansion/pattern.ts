// Patterns of `${name#…}`, `${name%…}` and `${name/…/…}`: `*`, `?`, and escapes; no bracket expressions.
import { ExpansionFailure } from './expansion-failure.ts'

/** One step of a pattern: a character to be matched, any character, or any number of them (neither crosses a line ending). */
export type PatternStep = { readonly character: string } | 'any' | 'many'

/** Reads a pattern, a character (code point) an element. Its escape is `\`, whatever the Dockerfile's is. */
export function parsePattern(pattern: readonly string[]): PatternStep[] {
  const steps: PatternStep[] = []
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] ?? ''
    if (character === '*') {
      if (steps.at(-1) !== 'many') steps.push('many')
    } else if (character === '?') steps.push('any')
    else if (character === '\\') {
      const next = pattern[i + 1] ?? ''
      // `\}` and `\/` were escaped for the sake of the `${}` around; the character is the next turn's.
      if (next === '}' || next === '/') continue
      if (next !== '*' && next !== '?' && next !== '\\') throw invalidEscape(pattern, next)
      steps.push({ character: next })
      i++
    } else steps.push({ character })
  }
  return steps
}

/** The pattern backwards; an escape stays before what it escapes. */
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
