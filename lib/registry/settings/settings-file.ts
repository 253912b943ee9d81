import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf, hasErrno, isMissingFile } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import type { JsonLocation } from '../../oci/guard.ts'

/** A file with settings of registries. */
export interface SettingsFile {
  readonly path: string
  readonly text: string
  /** The location of the document, for messages. */
  readonly location: JsonLocation
}

export interface ReadOptions {
  readonly required?: boolean
  readonly system?: boolean
}

/**
 * Reads a settings file. Undefined if it is missing, or if it is a system file that this user may not read, unless it
 * is `required`. Errors with `SETTINGS_INVALID`.
 */
export function readSettings(path: string, options: ReadOptions = {}): SettingsFile | undefined {
  const { required = false, system = false } = options
  const text = reading(
    path,
    () => new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)),
    (error) => {
      return !required && (isMissingFile(error) || (system && hasErrno(error, 'EACCES')))
    },
  )
  return text === undefined
    ? undefined
    : { path, text, location: { code: 'SETTINGS_INVALID', what: JSON.stringify(path), path: '' } }
}

/**
 * The `*.conf` files of a directory, sorted by name; none if the directory is missing. Errors with
 * `SETTINGS_INVALID`.
 */
export function readDropIns(directory: string): readonly SettingsFile[] {
  const names = reading(directory, () => readdirSync(directory).sort(), isMissingFile) ?? []
  const confs = names.filter((name) => name.endsWith('.conf'))
  return confs.flatMap((name) => readSettings(join(directory, name)) ?? [])
}

/** Runs an action; its `SETTINGS_INVALID` errors get the hint, unless they have one. */
export async function withHint<T>(hint: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof TsbuildError) || error.code !== 'SETTINGS_INVALID' || error.hint) throw error
    throw error.with({ hint })
  }
}

/** The JSON in a file. An error names the line, if the parser does. */
export function parseSettings({ text, location }: SettingsFile): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    const position = / at position (\d+)/.exec(cause.message)?.[1]
    const line = position === undefined ? '' : `, line ${text.slice(0, Number(position)).split('\n').length},`
    throw new TsbuildError(location.code, `${location.what}${line} is not JSON: ${cause.message}`, { cause })
  }
}

function reading<T>(path: string, action: () => T, isAbsent: (error: unknown) => boolean): T | undefined {
  try {
    return action()
  } catch (cause) {
    if (isAbsent(cause)) return undefined
    const isEncoding = hasErrno(cause, 'ERR_ENCODING_INVALID_ENCODED_DATA')
    const problem = isEncoding ? 'is not UTF-8' : `can't be read: ${errnoOf(cause)}`
    throw new TsbuildError('SETTINGS_INVALID', `${JSON.stringify(path)} ${problem}`, { cause })
  }
}
