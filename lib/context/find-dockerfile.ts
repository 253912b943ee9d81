import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { errnoOf, isMissingFile } from '../base/errno.ts'
import { type ErrorCode, messageOf, TsbuildError } from '../base/errors.ts'
import { cleanPath } from '../base/paths.ts'
import type { SourceFile } from '../base/source.ts'
import { suggest } from '../base/suggest.ts'
import type { NamedContext } from './context-source.ts'
import { memoryContent } from './memory-tree.ts'

/** The Dockerfile as a path, or as text. */
export type DockerfileSource = string | { readonly text: string; readonly name?: string }

/** A Dockerfile, with access to the files beside it. */
export interface FoundDockerfile {
  readonly file: SourceFile
  /** Reads the file whose path is that of the Dockerfile plus a suffix; undefined if it does not exist. */
  readonly sibling: (suffix: string) => SourceFile | undefined
}

/**
 * Bytes. Far more than anything written by hand or by a generator, and small enough to be held in memory
 * several times.
 */
export const DOCKERFILE_LIMIT: number = 16 << 20
/** The default names of a Dockerfile, in the order of preference. */
export const DOCKERFILE_NAMES: readonly string[] = ['Dockerfile', 'dockerfile']

/**
 * Finds the Dockerfile of a build: the given text; the file at the given path, relative to the working directory (for a
 * context in memory, a file of the context goes first); else `Dockerfile` or `dockerfile` in the context. Errors with
 * `DOCKERFILE_NOT_FOUND`.
 */
export function findDockerfile(context: NamedContext, wanted: DockerfileSource | undefined): FoundDockerfile {
  if (typeof wanted === 'object') {
    return { file: { name: wanted.name ?? 'Dockerfile', text: wanted.text }, sibling: () => undefined }
  }
  const inMemory = typeof context !== 'string'
  const read = (name: string) => (inMemory ? readMemory(context, name) : undefined) ?? readTextFile(name)
  const candidates =
    wanted !== undefined
      ? [wanted]
      : inMemory
        ? DOCKERFILE_NAMES
        : DOCKERFILE_NAMES.map((name) => path.join(context, name))
  for (const candidate of candidates) {
    const file = read(candidate)
    if (file) return { file, sibling: (suffix) => read(`${candidate}${suffix}`) }
  }
  throw wanted === undefined ? noDefault(context) : notFound(context, wanted)
}

/** Reads a text file from the disk; undefined if it does not exist. Errors with the given code if it cannot be read. */
export function readTextFile(file: string, code: ErrorCode = 'DOCKERFILE_NOT_FOUND'): SourceFile | undefined {
  const refuse = (problem: string, cause?: unknown) =>
    new TsbuildError(code, `cannot read ${JSON.stringify(file)}: ${problem}`, { cause })
  try {
    const stat = statSync(file)
    if (!stat.isFile()) throw refuse(stat.isDirectory() ? 'it is a directory' : 'it is not a regular file')
    if (stat.size > DOCKERFILE_LIMIT) throw refuse(`it has ${stat.size} bytes, more than ${DOCKERFILE_LIMIT}`)
    return { name: displayName(file), text: readFileSync(file, 'utf8') }
  } catch (cause) {
    if (errnoOf(cause) === undefined) throw cause
    if (isMissingFile(cause)) return undefined
    throw refuse(messageOf(cause), cause)
  }
}

/** Reads a text file of a context in memory; undefined if it does not exist. Symlinks are not followed. */
export function readMemory(context: Exclude<NamedContext, string>, name: string): SourceFile | undefined {
  for (const [key, file] of context) {
    if (cleanPath(key) !== cleanPath(name)) continue
    const bytes = memoryContent(file)
    return bytes && { name, text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) }
  }
  return undefined
}

/** The path relative to the working directory, so that terminals can open it, or as given for a file outside. */
function displayName(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative
}

function noDefault(context: NamedContext): TsbuildError {
  const where = typeof context === 'string' ? JSON.stringify(context) : 'the context'
  const names = typeof context === 'string' ? namesIn(context) : [...context.keys()]
  const near =
    names.find((name) => /^(Dockerfile\.|.+\.Dockerfile$|Containerfile)/i.test(name)) ?? suggest('Dockerfile', names)
  return new TsbuildError('DOCKERFILE_NOT_FOUND', `there is no Dockerfile in ${where}`, {
    hint: near === undefined ? 'name it with -f PATH' : `did you mean ${JSON.stringify(near)}? Name it with -f PATH`,
  })
}

function notFound(context: NamedContext, wanted: string): TsbuildError {
  const inContext = typeof context === 'string' && !path.isAbsolute(wanted) ? path.join(context, wanted) : undefined
  const isThere = inContext !== undefined && namesIn(path.dirname(inContext)).includes(path.basename(inContext))
  const near = isThere ? inContext : suggestBeside(wanted)
  return new TsbuildError('DOCKERFILE_NOT_FOUND', `Dockerfile ${JSON.stringify(wanted)} does not exist`, {
    hint:
      near === undefined
        ? undefined
        : `the path is relative to the working directory: did you mean ${JSON.stringify(near)}?`,
  })
}

function suggestBeside(wanted: string): string | undefined {
  const near = suggest(path.basename(wanted), namesIn(path.dirname(wanted)))
  return near === undefined ? undefined : path.join(path.dirname(wanted), near)
}

/** The names in a directory, for suggestions; empty if it cannot be read. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
