import { type BigIntStats, readdirSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { ifExists } from '../base/errno.ts'
import { TsbuildError } from '../base/errors.ts'
import type { SourceFile } from '../base/source.ts'
import { suggest } from '../base/suggest.ts'
import type { FileTree } from '../layers/file-tree.ts'
import type { ContextFiles } from './context-source.ts'
import {
  type DanglingLink,
  danglingLink,
  describeDangling,
  readTextFile,
  readTextInRoot,
  readTreeText,
} from './read-text.ts'

/** The Dockerfile as a path, or as text. */
export type DockerfileSource = string | { readonly text: string; readonly name?: string }

/** A file that may be the Dockerfile, with access to the files beside it. */
interface Candidate {
  /** Reads the file whose path is that of the Dockerfile plus a suffix; undefined if it does not exist. */
  readonly read: (suffix: string) => SourceFile | undefined
  /** The path and, in the context, the target of a file whose symlinks lead to nothing; undefined for any other. */
  readonly dangling: (suffix: string) => DanglingLink | undefined
}

/** A Dockerfile, with access to the files beside it. */
export interface FoundDockerfile extends Candidate {
  readonly file: SourceFile
}

/** The default names of a Dockerfile, in the order of preference. */
export const DOCKERFILE_NAMES: readonly string[] = ['Dockerfile', 'dockerfile']

/**
 * Finds the Dockerfile of a build: the given text; the file at the given path, relative to the working directory (for a
 * context in memory, a file of the context goes first); else `Dockerfile` or `dockerfile` in the context. Symlinks of
 * a file in the context are followed inside the context only; a file elsewhere is the user's own choice. `tree` has
 * the files of the context. Errors with `DOCKERFILE_NOT_FOUND`.
 */
export function findDockerfile(
  context: ContextFiles,
  tree: FileTree,
  wanted: DockerfileSource | undefined,
): FoundDockerfile {
  if (typeof wanted === 'object') {
    const file = { name: wanted.name ?? 'Dockerfile', text: wanted.text }
    return { file, read: () => undefined, dangling: () => undefined }
  }
  const candidates = typeof context === 'string' ? candidatesOnDisk(context, wanted) : candidatesIn(tree, wanted)
  for (const candidate of candidates) {
    const file = candidate.read('')
    if (file) return { file, ...candidate }
  }
  for (const { dangling } of candidates) {
    const found = dangling('')
    if (found) throw leadsNowhere(found)
  }
  throw wanted === undefined ? noDefault(context) : notFound(context, wanted)
}

function candidatesOnDisk(context: string, wanted: string | undefined): readonly Candidate[] {
  const given = wanted === undefined ? undefined : pathInContext(context, wanted)
  if (wanted !== undefined && given === undefined) return [candidateAt(wanted)]
  const names = given === undefined ? DOCKERFILE_NAMES : [given]
  return names.map((name) => ({
    read: (suffix) => readTextInRoot(context, `${name}${suffix}`, 'DOCKERFILE_NOT_FOUND'),
    dangling: (suffix) => danglingLink(context, `${name}${suffix}`),
  }))
}

function candidatesIn(tree: FileTree, wanted: string | undefined): readonly Candidate[] {
  const inTree = (wanted === undefined ? DOCKERFILE_NAMES : [wanted]).map((name) => ({
    read: (suffix: string) => readTreeText(tree, `${name}${suffix}`, 'DOCKERFILE_NOT_FOUND'),
    dangling: () => undefined,
  }))
  return wanted === undefined ? inTree : [...inTree, candidateAt(wanted)]
}

function candidateAt(file: string): Candidate {
  return { read: (suffix) => readTextFile(`${file}${suffix}`), dangling: () => undefined }
}

/**
 * The path of a file relative to the context's directory; undefined for a file that is not in there. The path may go
 * through symlinks on its way to the context.
 */
function pathInContext(context: string, file: string): string | undefined {
  const root = statOf(context)
  const above = path.dirname(path.resolve(file))
  for (const directory of new Set([above, ifExists(() => realpathSync(above)) ?? above])) {
    for (let parent = directory; ; parent = path.dirname(parent)) {
      const stat = statOf(parent)
      if (stat && stat.dev === root?.dev && stat.ino === root.ino) {
        return path.join(path.relative(parent, directory), path.basename(file))
      }
      if (parent === path.dirname(parent)) break
    }
  }
  return undefined
}

function statOf(directory: string): BigIntStats | undefined {
  return ifExists(() => statSync(directory, { bigint: true }))
}

function leadsNowhere(link: DanglingLink): TsbuildError {
  return new TsbuildError('DOCKERFILE_NOT_FOUND', describeDangling(link), {
    hint: 'symlinks are followed inside the build context only: name the file itself with -f PATH',
  })
}

function noDefault(context: ContextFiles): TsbuildError {
  const where = typeof context === 'string' ? JSON.stringify(context) : 'the context'
  const names = typeof context === 'string' ? namesIn(context) : [...context.keys()]
  const near =
    names.find((name) => /^(Dockerfile\.|.+\.Dockerfile$|Containerfile)/i.test(name)) ?? suggest('Dockerfile', names)
  return new TsbuildError('DOCKERFILE_NOT_FOUND', `there is no Dockerfile in ${where}`, {
    hint: near === undefined ? 'name it with -f PATH' : `did you mean ${JSON.stringify(near)}? Name it with -f PATH`,
  })
}

function notFound(context: ContextFiles, wanted: string): TsbuildError {
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
