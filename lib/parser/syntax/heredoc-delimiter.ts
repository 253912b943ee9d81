import { ExpansionFailure } from '../expansion/expansion-failure.ts'
import { lexWords } from '../expansion/lex-word.ts'
import { createLexer } from '../expansion/lexer-state.ts'
import type { LexedWord } from '../expansion/word-splitter.ts'
import { isRegexpSpace, skipSpace } from '../white-space.ts'

/** The parts of a word such as `3<<-"EOF"`. */
export interface HeredocWord {
  readonly name: string
  readonly fileDescriptor: number
  /** False if any part of the name is quoted. */
  readonly expand: boolean
  /** True for `<<-`. */
  readonly chomp: boolean
}

/** Parses a word as the start of a heredoc: undefined if it is not one, an error if its name is malformed. */
export function parseHeredocWord(word: string): HeredocWord | { readonly error: string } | undefined {
  const digits = skipSpace(word, 0, word.length, (code) => code >= 0x30 && code <= 0x39)
  if (!word.startsWith('<<', digits)) return undefined
  const chomp = word.charAt(digits + 2) === '-'
  const nameStart = skipSpace(word, digits + (chomp ? 3 : 2), word.length, isRegexpSpace)
  const written = word.slice(nameStart)
  if (written === '' || written.includes('<')) return undefined
  try {
    const [name, ...others] = lexName(written, { rawQuotes: false })
    if (!name || others.length > 0) return undefined
    const [raw, ...rawOthers] = lexName(written, { rawQuotes: true })
    if (!raw || rawOthers.length > 0) return { error: `the heredoc's name ${JSON.stringify(written)} is ambiguous` }
    return {
      name: name.value,
      fileDescriptor: Math.min(Number(word.slice(0, digits)), 2 ** 64),
      expand: countQuotes(name.value) === countQuotes(raw.value),
      chomp,
    }
  } catch (error) {
    if (!(error instanceof ExpansionFailure)) throw error
    return { error: `${error.message} in the heredoc's name ${JSON.stringify(written)}` }
  }
}

/**
 * The words of a logical line that may start heredocs. None if the line cannot be split: a shell may still
 * accept it.
 */
export function heredocCandidates(line: string): LexedWord[] {
  const lexer = createLexer(line, () => undefined, { rawQuotes: true, rawEscapes: true, skipUnsetEnv: true })
  try {
    return lexWords(lexer).filter(({ value }) => value.includes('<<'))
  } catch (error) {
    if (!(error instanceof ExpansionFailure)) throw error
    return []
  }
}

/** The escape character in names is always `\`, whatever the Dockerfile uses. */
const lexName = (text: string, options: { readonly rawQuotes: boolean }): LexedWord[] =>
  lexWords(createLexer(text, () => undefined, { ...options, skipUnsetEnv: true }))

const countQuotes = (text: string): number => text.split(/['"]/).length
