import { errnoOf, isSystemError } from './errno.ts'
import { TsbuildError } from './errors.ts'

/** The errors by which a system says that the environment, not the program, is at fault, and what to do about each. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full: free some space'],
  ['EDQUOT', 'the disk quota is used up: free some space'],
  ['EFBIG', 'the file is larger than its file system, or `ulimit -f`, allows'],
  ['EROFS', 'the file system is read-only: choose a directory on another one'],
  ['EACCES', 'check the owner and the mode of the file and of the directories above it'],
  ['EPERM', 'check the owner and the attributes of the file, and what this container or user may do'],
  ['EIO', 'the device reports an error: see the log of the kernel'],
  ['ENXIO', 'nothing reads from that pipe or device'],
  ['ESTALE', 'a file of a network file system was replaced: try again'],
  ['EMFILE', 'too many files are open: raise the limit with `ulimit -n`'],
  ['ENFILE', 'the system has too many open files: close some, or raise fs.file-max'],
  ['ENOMEM', 'there is not enough memory: free some, or raise the limit of the container or of `ulimit -v`'],
  ['EAGAIN', 'the limit of processes is reached: raise it with `ulimit -u`, or in the container'],
])

/** The remedy for an error of the system; undefined for errors that are not the environment's. */
export function remedyOf(error: unknown): string | undefined {
  return REMEDIES.get(errnoOf(error) ?? '')
}

/**
 * Turns an error of the system that the environment is to blame for, and that has got no code on its way, into
 * `SYSTEM_FAILED`. Returns anything else as it is.
 */
export function asSystemFailure(error: unknown): unknown {
  const hint = remedyOf(error)
  if (hint === undefined || !isSystemError(error)) return error
  return new TsbuildError('SYSTEM_FAILED', `an operation of the system failed: ${error.message}`, {
    hint,
    cause: error,
  })
}
