// Word expansion with errors placed in the Dockerfile.
import { TsbuildError } from '../../base/errors.ts'
import type { SourceFile } from '../../base/source.ts'
import { type Expansion, expandWord, expandWords, type VariableSource } from '../../parser/index.ts'
import type { EscapeCharacter, Word } from '../../parser/types.ts'

/** What the words of an instruction became, and the variables that they asked for. */
export interface Expansions {
  readonly words: Map<Word, readonly string[]>
  readonly used: Set<string>
  readonly unset: Set<string>
}

/** Expands the words of one file's instructions, noting results in the last parameter where there is one. */
export interface Expander {
  /** The word as one string. Errors with `VARIABLE_SYNTAX` or `VARIABLE_REQUIRED` at the word. */
  word(word: Word, env: VariableSource, note?: Expansions): string
  /** The word split at unquoted white space. */
  words(word: Word, env: VariableSource, note?: Expansions): readonly string[]
  /** A heredoc's body: variables only, quotes stay. */
  body(word: Word, env: VariableSource, note?: Expansions): string
  /** A shell's command, for people to read: quotes, and variables that only the shell knows, stay. */
  command(word: Word, env: VariableSource): string
}

export function createExpander(file: SourceFile, escapeCharacter: EscapeCharacter): Expander {
  const place = <T extends string | readonly string[]>(word: Word, result: Expansion<T>, note?: Expansions): T => {
    if ('error' in result) {
      const { code, message } = result.error
      throw new TsbuildError(code, message, { location: { file, span: word.span } })
    }
    const { value } = result
    note?.words.set(word, typeof value === 'string' ? [value] : value)
    for (const name of result.used) note?.used.add(name)
    for (const name of result.unset) note?.unset.add(name)
    return value
  }
  const line = { escape: escapeCharacter }
  const body = { escape: '\\', skipProcessQuotes: true } as const
  const command = { escape: escapeCharacter, rawQuotes: true, skipUnsetEnv: true }
  return {
    word: (word, env, note) => place(word, expandWord(word.value, env, line), note),
    words: (word, env, note) => place(word, expandWords(word.value, env, line), note),
    body: (word, env, note) => place(word, expandWord(word.value, env, body), note),
    command: (word, env) => place(word, expandWord(word.value, env, command)),
  }
}
