// Wildcards in the sources of COPY and ADD.
import { joinPath } from '../../base/paths.ts'
import { checkGlob, literal } from '../../context/ignore/glob-syntax.ts'
import { type FileTree, nameOf } from '../../layers/file-tree.ts'
import { resolvePath } from '../../layers/paths/resolve-path.ts'

/**
 * The paths that a source stands for, sorted. Without wildcards that is the source itself, there or not. The
 * part before the first wildcard may go through symlinks, the rest may not. Undefined if that first part does
 * not exist. Rejects with BadPattern.
 */
export async function matchSources(tree: FileTree, source: string): Promise<readonly string[] | undefined> {
  const parts = source.split('/')
  const first = parts.findIndex(hasWildcard)
  if (first === -1) return [source]
  const patterns = await Promise.all(parts.slice(first).map(compileName))
  const start = resolvePath(tree, parts.slice(0, first).join('/'), { followLast: true })
  if (!tree.lookup(start) && start !== '') return undefined
  const found: string[] = []
  const walk = (directory: string, depth: number) => {
    const matches = patterns[depth]
    if (!matches) return
    for (const entry of tree.list(directory)) {
      const name = nameOf(entry)
      if (!matches(name)) continue
      const path = joinPath(directory, name)
      if (depth === patterns.length - 1) found.push(path)
      else if (entry.type === 'directory') walk(path, depth + 1)
    }
  }
  walk(start, 0)
  return found
}

/** As in BuildKit, a backslash hides the character after it. */
export function hasWildcard(text: string): boolean {
  return /^(?:[^\\*?[]|\\(?:.|$))*[*?[]/s.test(text)
}

// Where there is nothing but stars, minimatch says the same as Go, and in linear time; its classes, escapes and
// `?` differ.
const STARS = /^[\w.*-]+$/
const OPTIONS = {
  dot: true,
  nobrace: true,
  nocomment: true,
  noext: true,
  noglobstar: true,
  nonegate: true,
  platform: 'linux',
} as const

/** One component of a pattern, with the semantics of Go's filepath.Match. */
async function compileName(pattern: string): Promise<(name: string) => boolean> {
  checkGlob(pattern)
  if (STARS.test(pattern)) {
    // Loaded only now: most sources have no wildcard.
    const { Minimatch } = await import('minimatch')
    const matcher = new Minimatch(pattern, OPTIONS)
    return (name) => matcher.match(name)
  }
  const regex = new RegExp(`^${translate([...pattern])}$`, 'u')
  return (name) => regex.test(name)
}

function translate(characters: readonly string[]): string {
  let source = ''
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? ''
    if (character === '*') source += '[^/]*'
    else if (character === '?') source += '[^/]'
    else if (character === '\\') source += literal(characters[++at] ?? '')
    else if (character === '[') {
      const end = classEnd(characters, at)
      source += translateClass(characters.slice(at + 1, end))
      at = end
    } else source += literal(character)
  }
  return source
}

/** The end of a class. The pattern was checked: there is an end, and it is not the first member. */
function classEnd(characters: readonly string[], open: number): number {
  let at = characters[open + 1] === '^' ? open + 2 : open + 1
  while (characters[at] !== ']') at += characters[at] === '\\' ? 2 : 1
  return at
}

function translateClass(body: readonly string[]): string {
  const negated = body[0] === '^'
  const members: string[] = []
  for (let at = negated ? 1 : 0; at < body.length; ) {
    if (body[at] === '\\') at++
    const low = body[at++] ?? ''
    let high = low
    if (body[at] === '-') {
      at += body[at + 1] === '\\' ? 2 : 1
      high = body[at++] ?? ''
    }
    // In Go a reversed range is empty; in a regular expression it is an error.
    if (low <= high) members.push(`${literal(low)}-${literal(high)}`)
  }
  return `[${negated ? '^' : ''}${members.join('')}]`
}
