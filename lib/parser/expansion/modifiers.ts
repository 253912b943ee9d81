// The modifiers of a variable: `${name:-word}`, `${name-word}`, `${name:+word}`, `${name+word}`,
// `${name:?word}`, `${name?word}`, `${name#pattern}`, `${name##pattern}`, `${name%pattern}`,
// `${name%%pattern}`, `${name/pattern/text}` and `${name//pattern/text}`.
import { ExpansionFailure } from './expansion-failure.ts'
import { findMatch } from './find-match.ts'
import { parsePattern, reversePattern } from './pattern.ts'
import { replacePattern } from './replace-pattern.ts'

/** A modifier and its operands. */
export type Modifier = WordModifier | ReplacementModifier

interface WordModifier {
  readonly kind: 'word'
  /** The operator without its colon. An unknown one fails when it is applied. */
  readonly operator: string
  /** Whether an empty value counts as unset, as in `:-`, `:+` and `:?`. */
  readonly emptyIsUnset: boolean
  readonly word: string
}

interface ReplacementModifier {
  readonly kind: 'replacement'
  /** Whether to replace every match, as in `//`. */
  readonly all: boolean
  readonly pattern: string
  readonly replacement: string
}

/** The modifier as written between the name and the `}`. */
export function modifierText(modifier: Modifier): string {
  if (modifier.kind === 'replacement') return `/${modifier.pattern}/${modifier.replacement}`
  return `${modifier.emptyIsUnset ? ':' : ''}${modifier.operator}${modifier.word}`
}

/** Applies a modifier to the value of a variable, which is undefined for a variable that is not set. */
export function applyModifier(name: string, value: string | undefined, modifier: Modifier): string {
  if (modifier.kind === 'replacement') return replacePattern(value ?? '', modifier)
  const { operator, emptyIsUnset, word } = modifier
  const isSet = value !== undefined && !(emptyIsUnset && value === '')
  switch (operator) {
    case '-':
      return isSet ? value : word
    case '+':
      return isSet ? word : ''
    case '?':
      if (isSet) return value
      throw missingVariable(name, value, word)
    case '#':
      return trimPrefix(value ?? '', word)
    case '%':
      return trimSuffix(value ?? '', word)
    default:
      throw unsupportedModifier(`${emptyIsUnset ? ':' : ''}${operator}`)
  }
}

export function unsupportedModifier(written: string): ExpansionFailure {
  return new ExpansionFailure(written === '' ? 'missing "}"' : `unsupported modifier ${JSON.stringify(written)}`)
}

function missingVariable(name: string, value: string | undefined, word: string): ExpansionFailure {
  const reason = word === '' ? `is not allowed to be ${value === undefined ? 'unset' : 'empty'}` : word
  return new ExpansionFailure(`${name}: ${reason}`, 'VARIABLE_REQUIRED')
}

/** `${name#pattern}` removes the shortest match at the start, `${name##pattern}` the longest. */
function trimPrefix(value: string, word: string): string {
  const greedy = word.startsWith('#')
  return cutStart(Array.from(value), Array.from(greedy ? word.slice(1) : word), { greedy }).join('')
}

/** `${name%pattern}` removes the shortest match at the end, `${name%%pattern}` the longest. */
function trimSuffix(value: string, word: string): string {
  const greedy = word.startsWith('%')
  const pattern = reversePattern(Array.from(greedy ? word.slice(1) : word))
  return cutStart(Array.from(value).reverse(), pattern, { greedy }).reverse().join('')
}

function cutStart(value: string[], pattern: readonly string[], options: { readonly greedy: boolean }): string[] {
  const match = findMatch(parsePattern(pattern), value, 0, { anchored: true, ...options })
  return match ? value.slice(match.end) : value
}
