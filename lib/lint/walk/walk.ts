import { TsbuildError } from '../../base/errors.ts'
import type { Span } from '../../base/source.ts'
import { type Expanded, expandWord, expandWords } from '../../parser/index.ts'
import type { Dockerfile, Word } from '../../parser/types.ts'
import type { CheckOptions } from '../check-options.ts'
import type { Emit } from '../emit.ts'
import type { LintOptions } from '../lint-options.ts'
import type { LintPlatform } from '../lint-platform.ts'
import { readPlatform } from './platform-text.ts'

/** What all parts of the walk through a Dockerfile share. */
export interface Walk {
  readonly dockerfile: Dockerfile
  readonly options: LintOptions
  /** The check directive's options: those of the whole file. */
  readonly check: CheckOptions
  readonly emit: Emit
  /** The stages' numbers by name; of several with the same name the last. */
  readonly stageNames: ReadonlyMap<string, number>
  readonly targetPlatform: LintPlatform
  readonly buildPlatform: LintPlatform
  /** False when none of tsbuild's own rules can count: then nothing is gathered for them. */
  readonly hasOwnRules: boolean
  /** The lines of the ARGs before the first FROM, by name. */
  readonly globalArgLines: ReadonlyMap<string, number>
}

export type Variables = ReadonlyMap<string, string>

const LINUX: LintPlatform = { os: 'linux', architecture: 'amd64' }

/** The platform that an option asks for. Errors with `PLATFORM_INVALID`. */
export function optionPlatform(text: string | undefined, fallback: LintPlatform = LINUX): LintPlatform {
  if (text === undefined) return fallback
  const platform = readPlatform(text, fallback)
  if (platform) return platform
  throw new TsbuildError('PLATFORM_INVALID', `invalid platform ${JSON.stringify(text)}`)
}

/** Expands a word of the file. Errors with `VARIABLE_SYNTAX` or `VARIABLE_REQUIRED`, at the word. */
export function expand({ dockerfile }: Walk, word: Word, variables: Variables): Expanded<string> {
  const result = expandWord(word.value, variables, { escape: dockerfile.escape })
  if ('error' in result) throw failure(dockerfile, result.error.code, result.error.message, word.span)
  return result
}

/** Expands a word to any number of words, as EXPOSE does. */
export function expandToWords({ dockerfile }: Walk, word: Word, variables: Variables): readonly string[] {
  const result = expandWords(word.value, variables, { escape: dockerfile.escape })
  if ('error' in result) throw failure(dockerfile, result.error.code, result.error.message, word.span)
  return result.value
}

/** Expands variables in the body of a heredoc, where quotes mean nothing. */
export function expandBody({ dockerfile }: Walk, word: Word, variables: Variables): Expanded<string> {
  const result = expandWord(word.value, variables, { escape: '\\', skipProcessQuotes: true })
  if ('error' in result) throw failure(dockerfile, result.error.code, result.error.message, word.span)
  return result
}

/** An error that ends the walk, as it ends a build. */
export function failure(
  { file }: Dockerfile,
  code: TsbuildError['code'],
  message: string,
  span: Span,
  hint?: string,
): TsbuildError {
  return new TsbuildError(code, message, { location: { file, span }, hint })
}
