// Word expansion with errors placed in the Dockerfile.
import { TsbuildError } from '../errors.ts'
import { expandWord, expandWords } from '../parser/index.ts'
import type { EscapeCharacter, Word } from '../parser/types.ts'
import type { SourceFile } from '../source.ts'

/** Expands the words of one file's instructions. */
export interface Expander {
  /** The word as one string. Errors with `VARIABLE_SYNTAX` or `VARIABLE_REQUIRED` at the word. */
  word(word: Word, env: ReadonlyMap<string, string>): string
  /** The word split at unquoted white space. */
  words(word: Word, env: ReadonlyMap<string, string>): readonly string[]
  /** A heredoc's body: variables only, quotes stay. */
  body(word: Word, env: ReadonlyMap<string, string>): string
}

export function createExpander(file: SourceFile, escapeCharacter: EscapeCharacter): Expander {
  const place = <T>(word: Word, expand: () => { readonly value: T } | { readonly error: ExpansionError }): T => {
    const result = expand()
    if ('value' in result) return result.value
    const { code, message } = result.error
    throw new TsbuildError(code, message, { location: { file, span: word.span } })
  }
  return {
    word: (word, env) => place(word, () => expandWord(word.value, env, { escape: escapeCharacter })),
    words: (word, env) => place(word, () => expandWords(word.value, env, { escape: escapeCharacter })),
    body: (word, env) => place(word, () => expandWord(word.value, env, { escape: '\\', skipProcessQuotes: true })),
  }
}

interface ExpansionError {
  readonly code: 'VARIABLE_SYNTAX' | 'VARIABLE_REQUIRED'
  readonly message: string
}
