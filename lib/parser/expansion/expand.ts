import type { EscapeCharacter } from '../types.ts'
import { ExpansionFailure } from './expansion-failure.ts'
import { lexWord, lexWords } from './lex-word.ts'
import { createLexer, type Lexer } from './lexer-state.ts'

/** The variables: a map, or a function that returns undefined for a variable that is not set. */
export type VariableSource = ReadonlyMap<string, string> | ((name: string) => string | undefined)

/** The switches of BuildKit's shell lexer. By default all are off, and `escape` is `\`. */
export interface ExpandOptions {
  readonly escape?: EscapeCharacter
  /** Keep quotes in the result. */
  readonly rawQuotes?: boolean
  /** Keep escape characters in the result. */
  readonly rawEscapes?: boolean
  /** Give quotes no meaning, as in the body of a heredoc. */
  readonly skipProcessQuotes?: boolean
  /** Keep references to variables that are not set, instead of replacing them by nothing. */
  readonly skipUnsetEnv?: boolean
}

/** The reason why a word cannot be expanded: it is malformed, or it has `${name?}` and the variable is not set. */
export interface ExpansionError {
  readonly code: 'VARIABLE_SYNTAX' | 'VARIABLE_REQUIRED'
  readonly message: string
}

/** The result of an expansion, with the set and the unset variables that it looked up. */
export interface Expanded<T> {
  readonly value: T
  readonly used: ReadonlySet<string>
  readonly unset: ReadonlySet<string>
}

export type Expansion<T> = Expanded<T> | { readonly error: ExpansionError }

/**
 * Expands variables, quotes and escapes in a word. The result is one string, even if it holds white space.
 * Never throws.
 *
 * @example
 * ```ts
 * import { expandWord } from '@tsbuild/tsbuild/parser'
 *
 * const expanded = expandWord('${NAME:-app}-$VERSION', new Map([['VERSION', '1.2']]))
 * console.log('value' in expanded && expanded.value) // app-1.2
 * ```
 */
export function expandWord(word: string, variables: VariableSource, options: ExpandOptions = {}): Expansion<string> {
  return run(word, variables, options, lexWord)
}

/**
 * Like {@link expandWord}, but splits the result at white space outside quotes, also at white space in values
 * of variables.
 *
 * @example
 * ```ts
 * import { expandWords } from '@tsbuild/tsbuild/parser'
 *
 * const expanded = expandWords('$LIST "d e"', new Map([['LIST', 'a b']]))
 * if ('value' in expanded) console.log(expanded.value.join('|')) // a|b|d e
 * ```
 */
export function expandWords(
  word: string,
  variables: VariableSource,
  options: ExpandOptions = {},
): Expansion<readonly string[]> {
  return run(word, variables, options, (lexer) => lexWords(lexer).map(({ value }) => value))
}

function run<T>(
  word: string,
  variables: VariableSource,
  options: ExpandOptions,
  lex: (lexer: Lexer) => T,
): Expansion<T> {
  const lookUp = typeof variables === 'function' ? variables : (name: string) => variables.get(name)
  const lexer = createLexer(word, lookUp, options)
  try {
    return { value: lex(lexer), used: lexer.used, unset: lexer.unset }
  } catch (error) {
    if (!(error instanceof ExpansionFailure)) throw error
    const { code, message } = error
    return { error: { code, message: code === 'VARIABLE_REQUIRED' ? message : `${message} in ${quoteShort(word)}` } }
  }
}

const quoteShort = (word: string): string => JSON.stringify(word.length > 200 ? `${word.slice(0, 200)}…` : word)
