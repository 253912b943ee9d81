// Word expansion with errors located in the Dockerfile.
import { TsbuildError } from '../../base/errors.ts'
import type { Location, Span } from '../../base/source.ts'
import { type Expanded, type Expansion, expandWord, expandWords, type VariableSource } from '../../parser/index.ts'
import type { EscapeCharacter, Word } from '../../parser/types.ts'

/** The results of an instruction's words, and the variables that they referred to. */
export interface Expansions {
  readonly words: Map<Word, readonly string[]>
  readonly used: Set<string>
  readonly unset: Set<string>
}

export const noExpansions = (): Expansions => ({ words: new Map(), used: new Set(), unset: new Set() })

/** Adds the result of a word. */
export function noteExpansion(
  expansions: Expansions,
  word: Word,
  expanded: Expanded<string | readonly string[]>,
): void {
  const { value, used, unset } = expanded
  expansions.words.set(word, typeof value === 'string' ? [value] : value)
  for (const name of used) expansions.used.add(name)
  for (const name of unset) expansions.unset.add(name)
}

/** Expands the words of a file's instructions. Errors with `VARIABLE_SYNTAX` or `VARIABLE_REQUIRED`, located. */
export interface Expander {
  /** The word as one string. */
  word(word: Word, env: VariableSource): Expanded<string>
  /** The word split at unquoted white space. */
  words(word: Word, env: VariableSource): Expanded<readonly string[]>
  /** The body of a heredoc: only variables are replaced, quotes stay. */
  body(word: Word, env: VariableSource): Expanded<string>
  /** A shell's command, for people to read: quotes stay, and so do variables that only the shell knows. */
  command(word: Word, env: VariableSource): Expanded<string>
}

/** Finds the location to show for a span of an instruction. */
export type Locate = (span: Span) => Location

export function createExpander(locate: Locate, escapeCharacter: EscapeCharacter): Expander {
  const checked = <T extends string | readonly string[]>(word: Word, result: Expansion<T>): Expanded<T> => {
    if (!('error' in result)) return result
    const { code, message } = result.error
    throw new TsbuildError(code, message, { location: locate(word.span) })
  }
  const line = { escape: escapeCharacter }
  const body = { escape: '\\', skipProcessQuotes: true } as const
  const command = { escape: escapeCharacter, rawQuotes: true, skipUnsetEnv: true }
  return {
    word: (word, env) => checked(word, expandWord(word.value, env, line)),
    words: (word, env) => checked(word, expandWords(word.value, env, line)),
    body: (word, env) => checked(word, expandWord(word.value, env, body)),
    command: (word, env) => checked(word, expandWord(word.value, env, command)),
  }
}
