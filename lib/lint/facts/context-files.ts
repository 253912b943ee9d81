// Questions that rules ask about the files of the build context.

import { baseName, goClean } from '../../base/paths.ts'
import type { LintContext, LintFile } from '../lint-options.ts'

export interface Amount {
  readonly files: number
  readonly bytes: number
}

const MOST_FILES = 200_000

/** Walks a directory from the top; `enter` says which directories to look into. Stops after a great many entries. */
export function walkFiles(
  context: LintContext,
  directory: string,
  visit: (file: LintFile) => void,
  enter: (directory: LintFile) => boolean = () => true,
): void {
  const queue = [directory]
  let seen = 0
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    for (const file of context.list(path)) {
      if (++seen > MOST_FILES) return
      if (file.type !== 'directory') visit(file)
      else if (enter(file)) queue.push(file.path)
    }
  }
}

/** The number and size of the files in a directory, or of one file. */
export function amountOf(context: LintContext, path: string): Amount {
  const found = context.lookup(path)
  if (found && found.type !== 'directory') return { files: 1, bytes: found.size }
  let files = 0
  let bytes = 0
  walkFiles(context, path, ({ size }) => {
    files++
    bytes += size
  })
  return { files, bytes }
}

/** A path that COPY names, in the context's own form: '' is the context itself. */
export function contextPath(source: string): string {
  const path = goClean(`/${source}`)
  return path === '/' ? '' : path.slice(1)
}

/** The files that a source of COPY takes. Wildcards count in its last part only. */
export function findSource(context: LintContext, source: string): readonly LintFile[] {
  const path = contextPath(source)
  if (!/[*?[\\]/.test(path)) {
    const found = context.lookup(path)
    return found ? [found] : []
  }
  const slash = path.lastIndexOf('/')
  const directory = slash === -1 ? '' : path.slice(0, slash)
  const pattern = path.slice(slash + 1)
  if (/[*?[\\]/.test(directory) || /[[\\]/.test(pattern)) return []
  const test = namePattern(pattern)
  return context.list(directory).filter((file) => test.test(baseName(file.path)))
}

const MOST_STARS = 4

/**
 * A regular expression for `*` and `?` in one name. It matches nothing if there are many stars, which could
 * take exponential time.
 */
export function namePattern(pattern: string): RegExp {
  const escaped = pattern.replace(/\*+/g, '*').replace(/[.+^${}()|[\]\\]/g, '\\$&')
  if (escaped.split('*').length - 1 > MOST_STARS) return /(?!)/
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
}
