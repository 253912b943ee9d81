// The state of the lexer while it reads one word.
import type { EscapeCharacter } from '../types.ts'
import { ExpansionFailure } from './expansion-failure.ts'

export interface LexerOptions {
  readonly escape?: EscapeCharacter
  readonly rawQuotes?: boolean
  readonly rawEscapes?: boolean
  readonly skipProcessQuotes?: boolean
  readonly skipUnsetEnv?: boolean
}

export interface Lexer {
  readonly text: string
  /** The offset of the next character. It only increases, so every run terminates. */
  position: number
  readonly escape: EscapeCharacter
  readonly rawQuotes: boolean
  rawEscapes: boolean
  readonly skipProcessQuotes: boolean
  readonly skipUnsetEnv: boolean
  readonly lookUp: (name: string) => string | undefined
  readonly used: Set<string>
  readonly unset: Set<string>
  /** The number of open `${…}`. */
  depth: number
}

/** The deepest nesting: more than anyone writes, and within the call stack. */
const DEEPEST = 500

/** Characters. Without a bound, a dozen lines that each double a variable would exhaust the memory. */
export const LONGEST_RESULT: number = 16 * 1024 * 1024

export function createLexer(text: string, lookUp: Lexer['lookUp'], options: LexerOptions): Lexer {
  return {
    text,
    position: text.startsWith('\uFEFF') ? 1 : 0,
    escape: options.escape ?? '\\',
    rawQuotes: options.rawQuotes ?? false,
    rawEscapes: options.rawEscapes ?? false,
    skipProcessQuotes: options.skipProcessQuotes ?? false,
    skipUnsetEnv: options.skipUnsetEnv ?? false,
    lookUp,
    used: new Set(),
    unset: new Set(),
    depth: 0,
  }
}

/** The next character, or the empty string at the end. */
export const peek = (lexer: Lexer): string => lexer.text.charAt(lexer.position)

/** Consumes the next character (a whole code point), or returns the empty string at the end. */
export function take(lexer: Lexer): string {
  const code = lexer.text.codePointAt(lexer.position)
  if (code === undefined) return ''
  const character = String.fromCodePoint(code)
  lexer.position += character.length
  return character
}

/** The value of a variable. Records the lookup in `used` or `unset`. */
export function getVariable(lexer: Lexer, name: string): string | undefined {
  const value = lexer.lookUp(name)
  if (value === undefined) lexer.unset.add(name)
  else lexer.used.add(name)
  return value
}

export function enter(lexer: Lexer): void {
  if (++lexer.depth > DEEPEST) throw new ExpansionFailure(`more than ${DEEPEST} nested substitutions`)
}

export function checkLength(length: number): void {
  if (length > LONGEST_RESULT) throw new ExpansionFailure(`the expansion is longer than ${LONGEST_RESULT} characters`)
}
