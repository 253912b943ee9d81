// Reads and writes the small files of the store, so that no reader ever sees half a file.
import {
  chownSync,
  closeSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { hasErrno, ifExists } from '../base/errno.ts'
import { messageOf, TsbuildError } from '../base/errors.ts'
import { remedyOf } from '../base/system-failure.ts'

/** Runs a filesystem operation. A failure errors with `STORE_IO`; its message names the operation, `doing`. */
export function storeIO<T>(doing: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    if (cause instanceof TsbuildError) throw cause
    throw new TsbuildError('STORE_IO', `${doing} failed: ${messageOf(cause)}`, {
      hint: hintOf(cause),
      cause,
    })
  }
}

/** The remedy for an error in the store, which can also be elsewhere. */
function hintOf(cause: unknown): string | undefined {
  const remedy = remedyOf(cause)
  return remedy && `${remedy}; or set TSBUILD_HOME to another directory`
}

/** The file's bytes; undefined if it does not exist. Errors with `STORE_IO` for any other failure. */
export function readIfThere(path: string): Buffer | undefined {
  return storeIO(`reading ${JSON.stringify(path)}`, () => ifExists(() => readFileSync(path)))
}

/** The names in a directory, sorted; none if it does not exist. */
export function namesIn(directory: string): readonly string[] {
  return storeIO(`listing ${JSON.stringify(directory)}`, () => ifExists(() => readdirSync(directory))?.sort() ?? [])
}

/**
 * The JSON in a file of the store; undefined if the file is missing or damaged, since all records can be made again.
 */
export function readJsonIfSound(path: string): unknown {
  const bytes = readIfThere(path)
  if (!bytes) return undefined
  try {
    return JSON.parse(bytes.toString())
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export interface WriteOptions {
  /** Called when the temporary file is complete, before it gets its name. */
  readonly beforeRename?: () => void
  /** Whether to wait until the disk has the file and its name. */
  readonly durable?: boolean
}

/**
 * Writes a file, perhaps in pieces, to a temporary name and renames it. Atomic; makes the directory if needed. False if
 * the file has these bytes already. Errors with `STORE_IO`.
 */
export function writeAtomically(
  path: string,
  temporary: string,
  content: Uint8Array | string | Iterable<Uint8Array>,
  { beforeRename, durable = false }: WriteOptions = {},
): boolean {
  return storeIO(`writing ${JSON.stringify(path)}`, () => {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    // Replacing a file makes some filesystems wait for the disk, so an identical file stays.
    if (bytes instanceof Uint8Array && isSame(path, bytes)) return false
    try {
      writeNew(temporary, bytes instanceof Uint8Array ? [bytes] : bytes, { durable })
      beforeRename?.()
      renameInto(temporary, path)
      if (durable) syncDirectory(dirname(path))
      return true
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  })
}

function writeNew(path: string, pieces: Iterable<Uint8Array>, { durable }: { readonly durable: boolean }): void {
  const file = createFile(path)
  try {
    for (const piece of pieces) writeFileSync(file, piece)
    if (durable) ifPossible(() => fsyncSync(file))
  } finally {
    closeSync(file)
  }
}

function isSame(path: string, bytes: Uint8Array): boolean {
  // Most different contents differ in size.
  if (statSync(path, { throwIfNoEntry: false })?.size !== bytes.length) return false
  return ifExists(() => readFileSync(path))?.equals(bytes) === true
}

/** Opens a file for writing, a new one unless `flags` say otherwise. Only its owner can read it. */
export function createFile(path: string, flags: 'w' | 'wx' = 'wx'): number {
  const file = openSync(path, flags, 0o600)
  const owner = ownerOf(dirname(path))
  if (owner) give(() => fchownSync(file, owner.uid, owner.gid))
  return file
}

/** Makes a directory, and missing ones above it, that only its owner can enter. Does nothing if it exists. */
export function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 }) ?? path
  const made = [path]
  for (let at = path; at.length > first.length; at = dirname(at)) made.unshift(dirname(at))
  for (const directory of made) {
    const owner = ownerOf(dirname(directory))
    // A directory of root's in a user's store keeps the user out of it.
    if (owner && statSync(directory).uid === 0) give(() => chownSync(directory, owner.uid, owner.gid))
  }
}

/**
 * The owner of a directory that root makes files in, unless that is root: so a store stays its user's when root uses
 * it. Undefined for other users, whose files are their own.
 */
function ownerOf(directory: string): { readonly uid: number; readonly gid: number } | undefined {
  if (process.geteuid?.() !== 0) return undefined
  const { uid, gid } = statSync(directory)
  return uid === 0 ? undefined : { uid, gid }
}

/** Gives a file to its owner; in a container the owner may have no id. */
function give(change: () => void): void {
  try {
    change()
  } catch (error) {
    if (!hasErrno(error, 'EPERM', 'EINVAL')) throw error
  }
}

/** Waits until the disk has the names in a directory. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    ifPossible(() => fsyncSync(directory))
  } finally {
    closeSync(directory)
  }
}

/** Some network file systems can't say that the disk has a file or a directory. */
function ifPossible(sync: () => void): void {
  try {
    sync()
  } catch (error) {
    if (!hasErrno(error, 'EINVAL', 'ENOTSUP')) throw error
  }
}

/** Renames a file. Makes the target's directory only if the rename shows that it is missing. */
export function renameInto(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
    makeDirectory(dirname(to))
    renameSync(from, to)
  }
}
