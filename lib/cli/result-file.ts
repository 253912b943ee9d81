import { closeSync, constants, lstatSync, openSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf, TsbuildError } from '../base/errors.ts'
import { remedyOf } from '../base/system-failure.ts'

/**
 * Removes the file of an earlier build, so that a failed build does not appear to have written it. Behind a symlink
 * the file is emptied, and the symlink stays; a device, fifo or open file is left alone. Errors with `OUTPUT_IO`.
 */
export function removeResultFile(path: string | undefined): void {
  if (path === undefined) return
  attempt('remove', path, () => {
    if (isStream(path) || !statSync(path, { throwIfNoEntry: false })) return
    if (lstatSync(path).isSymbolicLink()) truncateSync(path)
    else rmSync(path)
  })
}

/** Writes a file about the result of a command, through symlinks and to devices. Errors with `OUTPUT_IO`. */
export function writeResultFile(path: string, text: string): void {
  attempt('write', path, () => {
    if (!isStream(path)) {
      writeFileSync(path, text)
      return
    }
    const file = openSync(path, constants.O_WRONLY | constants.O_APPEND)
    try {
      writeFileSync(file, text)
    } finally {
      closeSync(file)
    }
  })
}

/** Whether something other than this program decides what becomes of the bytes: a device, a fifo, an open file. */
function isStream(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined || stat.isDirectory()) return false
  return !stat.isFile() || /^\/dev\/(?:stdout|stderr|fd\/\d+)$|^\/proc\/[^/]+\/fd\/\d+$/.test(resolve(path))
}

function attempt(verb: string, path: string, action: () => void): void {
  try {
    action()
  } catch (cause) {
    throw new TsbuildError('OUTPUT_IO', `cannot ${verb} ${JSON.stringify(path)}: ${messageOf(cause)}`, {
      cause,
      hint: remedyOf(cause),
    })
  }
}
