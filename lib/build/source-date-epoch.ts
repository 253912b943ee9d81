// SOURCE_DATE_EPOCH: the one time that a build writes everywhere, and where it comes from.

import { TsbuildError } from '../base/errors.ts'
import type { GitCommand } from '../context/git/run-git.ts'
import type { SourceEntry } from '../layers/entry.ts'
import type { Dockerfile } from '../parser/types.ts'
import type { BuildOptions } from './build-options.ts'

/** Seconds since 1970; `context`: when the build context is from. */
export type Epoch = number | 'context' | undefined

const NAME = 'SOURCE_DATE_EPOCH'

/**
 * What the caller asks for: by option, build arg or environment, in this order; undefined for nothing. Errors with `OPTION_INVALID`.
 */
export function givenEpoch({ sourceDateEpoch, buildArgs = {} }: BuildOptions): Epoch {
  return sourceDateEpoch ?? parseEpoch(buildArgs[NAME] ?? process.env[NAME] ?? '')
}

/** A text that says it; empty for nothing. Errors with `OPTION_INVALID`. */
export function parseEpoch(text: string): Epoch {
  if (text === '') return undefined
  return text === 'context' ? text : checkEpoch(/^\d+$/.test(text) ? Number(text) : Number.NaN, text)
}

/** The time itself. Errors with `OPTION_INVALID` for one that no file can have. */
export function checkEpoch(seconds: number, text: string = String(seconds)): number {
  if (Number.isSafeInteger(seconds) && seconds >= 0 && seconds < 2 ** 36) return seconds
  const message = `${NAME} must be a whole number of seconds since 1970, or "context", not ${JSON.stringify(text)}`
  throw new TsbuildError('OPTION_INVALID', message)
}

/** Whether an ARG before the first FROM asks for the time of the context, where the caller asks for nothing. */
export function wantsContextTime({ globalArgs }: Dockerfile): boolean {
  const named = globalArgs.flatMap(({ args }) => args.filter(({ name }) => name.value === NAME))
  return named.at(-1)?.defaultValue?.value === 'context'
}

/** For a context that has no time. */
export function noContextTime(): TsbuildError {
  return new TsbuildError('OPTION_INVALID', `${NAME}=context needs a build context that is from a known time`, {
    hint: `a git repository, a URL or an archive; else give the number: ${NAME}=$(git log -1 --format=%ct)`,
  })
}

/** The time of the newest of an archive's entries, in whole seconds; undefined if there is none. */
export function newestTime(entries: readonly SourceEntry[]): number | undefined {
  if (entries.length === 0) return undefined
  return entries.reduce((newest, { mtime }) => Math.max(newest, Math.floor(mtime)), 0)
}

/** When the commit that a directory is a checkout of was made; undefined if it is none. Errors as git's runGit() does. */
export async function checkoutTime(directory: string, signal: GitCommand['signal']): Promise<number | undefined> {
  // Loaded only now: few builds ask.
  const { GitFailure, runGit } = await import('../context/git/run-git.ts')
  try {
    const commit = await runGit(['cat-file', 'commit', 'HEAD'], { cwd: directory, signal })
    const seconds = /^committer .*> (\d+) [-+]\d{4}$/m.exec(commit)?.[1]
    return seconds === undefined ? undefined : Number(seconds)
  } catch (error) {
    if (error instanceof GitFailure) return undefined
    throw error
  }
}
