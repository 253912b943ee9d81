import type { EscapeCharacter } from '../types.ts'
import { ExpansionFailure } from './expansion-failure.ts'
import { lexWord, lexWords } from './lex-word.ts'
import { createLexer, type Lexer } from './lexer-state.ts'

/** Where variables come from: a map, or a function that returns undefined for a variable that is not set. */
export type VariableSource = ReadonlyMap<string, string> | ((name: string) => string | undefined)

/** The switches of BuildKit's shell lexer; all are off by default, and `escape` is `\`. */
export interface ExpandOptions {
  readonly escape?: EscapeCharacter
  /** Keep quotes in the result. */
  readonly rawQuotes?: boolean
  /** Keep escape characters in the result. */
  readonly rawEscapes?: boolean
  /** Give quotes no meaning, as in the body of a heredoc. */
  readonly skipProcessQuotes?: boolean
  /** Leave references to variables that are not set as they are, instead of taking them for empty. */
  readonly skipUnsetEnv?: boolean
}

/** Why a word can't be expanded: it is malformed, or it has `${name?}` of a variable that is not set. */
export interface ExpansionError {
  readonly code: 'VARIABLE_SYNTAX' | 'VARIABLE_REQUIRED'
  readonly message: string
}

/** What a word became, and the variables that were looked up on the way: those that are set, and those that are not. */
export interface Expanded<T> {
  readonly value: T
  readonly used: ReadonlySet<string>
  readonly unset: ReadonlySet<string>
}

export type Expansion<T> = Expanded<T> | { readonly error: ExpansionError }

/** Expands variables, quotes and escapes in a word; the result is one string, whatever white space it holds. Never throws. */
export function expandWord(word: string, variables: VariableSource, options: ExpandOptions = {}): Expansion<string> {
  return run(word, variables, options, lexWord)
}

/** Like {@link expandWord}, and splits the result at white space outside quotes, that of variables' values included. */
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
