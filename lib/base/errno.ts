// The codes of errors that come from the system, from Node.js or from undici: `ENOENT`, `ERR_…`, `UND_ERR_…`. Pure.
import { TsbuildError } from './errors.ts'

/** The code of such an error; undefined for everything else, a {@link TsbuildError} with its own codes included. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof TsbuildError || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether an error has one of these codes. */
export function hasErrno(error: unknown, ...codes: readonly `E${string}`[]): boolean {
  const errno = errnoOf(error)
  return errno !== undefined && (codes as readonly string[]).includes(errno)
}

/** Whether an operation failed because its file does not exist: `ENOENT`, or `ENOTDIR` for a path through a file. */
export function isMissingFile(error: unknown): boolean {
  return hasErrno(error, 'ENOENT', 'ENOTDIR')
}

/** Whether a system call failed, rather than our own code or a check of Node.js. */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}

/** The result of an operation that may as well not be done; undefined if the system refuses it. */
export function ifAllowed<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}

/** The result of a file operation; undefined if its file does not exist. */
export function ifExists<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (isMissingFile(error)) return undefined
    throw error
  }
}
