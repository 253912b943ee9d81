// SOURCE_DATE_EPOCH: the single time for every timestamp that a build writes.

import { TsbuildError } from '../base/errors.ts'
import type { GitCommand } from '../context/git/run-git.ts'
import type { SourceEntry } from '../layers/entry.ts'
import type { Dockerfile } from '../parser/types.ts'
import type { BuildOptions } from './build-options.ts'

/** Seconds since 1970, or `context` for the time of the build context. */
export type Epoch = number | 'context' | undefined

const NAME = 'SOURCE_DATE_EPOCH'

/**
 * The epoch of the option, the build arg or the environment, in this order; undefined if none is set. Errors
 * with `OPTION_INVALID`.
 */
export function givenEpoch({ sourceDateEpoch, buildArgs = {}, env = process.env }: BuildOptions): Epoch {
  return sourceDateEpoch ?? parseEpoch(buildArgs[NAME] ?? env[NAME] ?? '')
}

/** Parses a value of SOURCE_DATE_EPOCH; undefined for an empty text. Errors with `OPTION_INVALID`. */
export function parseEpoch(text: string): Epoch {
  if (text === '') return undefined
  return text === 'context' ? text : checkEpoch(/^\d+$/.test(text) ? Number(text) : Number.NaN, text)
}

/** Checks a time. Errors with `OPTION_INVALID` for one that a file cannot have. */
export function checkEpoch(seconds: number, text: string = String(seconds)): number {
  if (Number.isSafeInteger(seconds) && seconds >= 0 && seconds < 2 ** 36) return seconds
  const message = `${NAME} must be a whole number of seconds since 1970, or "context", not ${JSON.stringify(text)}`
  throw new TsbuildError('OPTION_INVALID', message)
}

/** The times that a build context may be from. */
interface ContextTime {
  /** Seconds since 1970; undefined for a context without a known time. */
  time(): Promise<number | undefined>
}

/**
 * The time that the caller or the Dockerfile asks for, in seconds since 1970; undefined for none. Errors with
 * `OPTION_INVALID`.
 */
export async function askedEpoch(
  context: ContextTime,
  dockerfile: Dockerfile,
  options: BuildOptions,
): Promise<number | undefined> {
  const given = givenEpoch(options) ?? (wantsContextTime(dockerfile) ? 'context' : undefined)
  const epoch = given === 'context' ? await context.time() : given
  if (given === 'context' && (epoch === undefined || Number.isNaN(epoch))) throw noContextTime()
  return epoch === undefined ? undefined : checkEpoch(epoch)
}

/** The build args with the time, which an ARG can declare. */
export function withEpoch(buildArgs: BuildOptions['buildArgs'], epoch: number | undefined): Record<string, string> {
  return { ...buildArgs, ...(epoch !== undefined && { [NAME]: String(epoch) }) }
}

/**
 * The time that an ARG before the first FROM sets, for builds whose caller asks for none. `globalArgs` are the graph's.
 * Errors with `OPTION_INVALID`.
 */
export function defaultEpoch(globalArgs: ReadonlyMap<string, string>): number | undefined {
  const epoch = parseEpoch(globalArgs.get(NAME) ?? '')
  if (epoch === 'context') throw noContextTime()
  return epoch
}

/** Whether an ARG before the first FROM sets the epoch to the time of the context. */
export function wantsContextTime({ globalArgs }: Dockerfile): boolean {
  const named = globalArgs.flatMap(({ args }) => args.filter(({ name }) => name.value === NAME))
  return named.at(-1)?.defaultValue?.value === 'context'
}

/** The error for a context without a time. */
export function noContextTime(): TsbuildError {
  return new TsbuildError('OPTION_INVALID', `${NAME}=context needs a build context with a known time`, {
    hint: `build from a git repository, a URL or an archive, or set a number: ${NAME}=$(git log -1 --format=%ct)`,
  })
}

/** The time of the newest entry of an archive, in whole seconds; undefined if it has no entries. */
export function newestTime(entries: readonly SourceEntry[]): number | undefined {
  if (entries.length === 0) return undefined
  return entries.reduce((newest, { mtime }) => Math.max(newest, Math.floor(mtime)), 0)
}

/** The time of the commit that is checked out in a directory; undefined if there is none. Errors as runGit() does. */
export async function checkoutTime(directory: string, signal: GitCommand['signal']): Promise<number | undefined> {
  // Loaded here, since few builds need it.
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
