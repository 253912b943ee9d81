import { rmSync, writeFileSync } from 'node:fs'
import { messageOf, TsbuildError } from '../base/errors.ts'

/**
 * Removes the file of an earlier build, so that a failed build does not appear to have written it. Errors with
 * `OUTPUT_IO`.
 */
export function removeResultFile(path: string | undefined): void {
  if (path !== undefined) attempt('remove', path, () => rmSync(path, { force: true }))
}

/** Writes a file about the result of a command. Errors with `OUTPUT_IO`. */
export function writeResultFile(path: string, text: string): void {
  attempt('write', path, () => writeFileSync(path, text))
}

function attempt(verb: string, path: string, action: () => void): void {
  try {
    action()
  } catch (cause) {
    throw new TsbuildError('OUTPUT_IO', `cannot ${verb} ${JSON.stringify(path)}: ${messageOf(cause)}`, { cause })
  }
}
