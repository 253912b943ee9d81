// Reads the text files that steer a build: Dockerfiles and ignore files.
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs'
import path from 'node:path'
import { errnoOf, isMissingFile } from '../base/errno.ts'
import { type ErrorCode, messageOf, TsbuildError } from '../base/errors.ts'
import { type PathInRoot, resolvePathInRoot } from '../base/path-in-root.ts'
import type { SourceFile } from '../base/source.ts'
import type { FileTree } from '../layers/file-tree.ts'
import { resolvePath } from '../layers/paths/resolve-path.ts'
import { readContent } from '../layers/read-content.ts'

/**
 * Bytes. Far more than anything written by hand or by a generator, and small enough to be held in memory
 * several times.
 */
const TEXT_LIMIT = 16 << 20
/** A file may become a symlink after it was resolved, and opening a fifo would wait for a writer. */
const OPEN = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * Reads a text file that the user names, wherever its symlinks lead; undefined if it does not exist. Errors with the
 * given code if it cannot be read.
 */
export function readTextFile(file: string, code: ErrorCode = 'DOCKERFILE_NOT_FOUND'): SourceFile | undefined {
  return whileReading(file, code, () => {
    checkFile(file, statSync(file), code)
    return { name: displayName(file), text: readFileSync(file, 'utf8') }
  })
}

/**
 * Reads a text file of a directory that others may have written: its symlinks are followed inside the directory only,
 * as if that were `/`. `relative` is its path in there. The name of the result opens the same file. Undefined if it
 * does not exist; errors with the given code if it cannot be read.
 */
export function readTextInRoot(root: string, relative: string, code: ErrorCode): SourceFile | undefined {
  const file = path.join(root, relative)
  return whileReading(file, code, () => {
    const { absolute } = resolveIn(root, relative, code)
    const opened = openSync(absolute, OPEN)
    try {
      const stat = fstatSync(opened)
      checkFile(file, stat, code)
      const byName = statSync(file, { throwIfNoEntry: false })
      const isSame = byName?.ino === stat.ino && byName.dev === stat.dev
      return { name: displayName(isSame ? file : absolute.toString()), text: readFileSync(opened, 'utf8') }
    } finally {
      closeSync(opened)
    }
  })
}

/** A symlink in a directory that leads to nothing in there. */
export interface DanglingLink {
  readonly file: string
  /** The path in the directory that it leads to. */
  readonly target: string
}

/** The symlink because of which {@link readTextInRoot} finds no file; undefined if there is none on its way. */
export function danglingLink(root: string, relative: string): DanglingLink | undefined {
  const target = resolvePathInRoot(root, relative)?.relative.toString() ?? relative
  return target === relative ? undefined : { file: path.join(root, relative), target }
}

export function describeDangling({ file, target }: DanglingLink): string {
  const [from, to] = [JSON.stringify(file), JSON.stringify(target)]
  return `${from} is a symlink to ${to} in the build context, which does not exist`
}

/**
 * Reads a text file of a tree; undefined if it does not exist. Symlinks are followed inside the tree. Errors with the
 * given code if it cannot be read as a text.
 */
export function readTreeText(tree: FileTree, path: string, code: ErrorCode): SourceFile | undefined {
  const entry = tree.lookup(resolvePath(tree, path, { followLast: true }))
  if (!entry) return undefined
  const refuse = (problem: string): TsbuildError =>
    new TsbuildError(code, `cannot read ${JSON.stringify(path)} in the build context: ${problem}`)
  if (entry.type !== 'file') throw refuse(entry.type === 'directory' ? 'it is a directory' : 'it is not a regular file')
  if (entry.size > TEXT_LIMIT) throw refuse(`it has ${entry.size} bytes, more than ${TEXT_LIMIT}`)
  return { name: path, text: Buffer.from(readContent(entry, TEXT_LIMIT)).toString('utf8') }
}

function resolveIn(root: string, relative: string, code: ErrorCode): PathInRoot {
  const resolved = resolvePathInRoot(root, relative)
  if (resolved) return resolved
  throw cannotRead(path.join(root, relative), code, 'its symlinks lead to each other in a loop')
}

function checkFile(file: string, stat: Stats, code: ErrorCode): void {
  if (!stat.isFile()) {
    throw cannotRead(file, code, stat.isDirectory() ? 'it is a directory' : 'it is not a regular file')
  }
  if (stat.size > TEXT_LIMIT) throw cannotRead(file, code, `it has ${stat.size} bytes, more than ${TEXT_LIMIT}`)
}

function whileReading<T>(file: string, code: ErrorCode, action: () => T): T | undefined {
  try {
    return action()
  } catch (cause) {
    if (errnoOf(cause) === undefined) throw cause
    if (isMissingFile(cause)) return undefined
    throw cannotRead(file, code, messageOf(cause), cause)
  }
}

function cannotRead(file: string, code: ErrorCode, problem: string, cause?: unknown): TsbuildError {
  return new TsbuildError(code, `cannot read ${JSON.stringify(file)}: ${problem}`, { cause })
}

/** The path relative to the working directory, so that terminals can open it, or as given for a file outside. */
function displayName(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative
}
