// Compiles one pattern of an ignore file to a regular expression, with exactly the meaning that
// moby/patternmatcher gives it.
import { BadPattern, checkGlob, literal } from './glob-syntax.ts'

/** A compiled pattern. */
export interface CompiledPattern {
  /** The source of a regular expression with the flag `u`; no anchors are needed around it. */
  readonly source: string
  /** A test in linear time, for an expression that could backtrack for very long on some paths. */
  readonly test: ((path: string) => boolean) | undefined
}

/**
 * Compiles a clean pattern without its `!`. The result matches only the paths that the pattern matches itself.
 * The matcher applies a match of a directory to everything below it.
 * @throws BadPattern
 */
export function compilePattern(pattern: string): CompiledPattern {
  checkGlob(pattern)
  const { kind, tokens } = translate(pattern)
  switch (kind) {
    case 'exact':
      return { source: `^${literals(pattern)}$`, test: undefined }
    case 'prefix':
      return { source: `^${literals(pattern.slice(0, -2))}`, test: undefined }
    case 'suffix': {
      const suffix = pattern.slice(2)
      const source = suffix.startsWith('/') ? `(?:^|/)${literals(suffix.slice(1))}$` : `${literals(suffix)}$`
      return { source, test: undefined }
    }
    case 'regex': {
      const source = validated(`^${tokens.map((token) => token.source).join('')}$`)
      const open = tokens.filter((token) => token.kind !== 'one')
      const costly = open.length > MAX_WILDCARDS && open.every((token) => token.kind !== 'anchor')
      return { source, test: costly ? linearTest(tokens) : undefined }
    }
  }
}

/** The time of backtracking is exponential in the number of wildcards. */
const MAX_WILDCARDS = 2

function literals(text: string): string {
  return [...text].map(literal).join('')
}

function validated(source: string): string {
  try {
    new RegExp(source, 'u')
  } catch (cause) {
    throw new BadPattern('is not valid', { cause })
  }
  return source
}

interface Token {
  /**
   * One character; any number of characters of a name; any number of any characters; whole directories; or an
   * anchor.
   */
  readonly kind: 'one' | 'name' | 'all' | 'directories' | 'anchor'
  readonly source: string
}

const NAME: Token = { kind: 'name', source: '[^/]*' }
const ALL: Token = { kind: 'all', source: '[^\\n]*' }
const DIRECTORIES: Token = { kind: 'directories', source: '(?:[^\\n]*/)?' }

interface Translation {
  /** How moby/patternmatcher compares: all kinds but `regex` compare the text of the pattern. */
  readonly kind: 'exact' | 'prefix' | 'suffix' | 'regex'
  readonly tokens: readonly Token[]
}

function translate(pattern: string): Translation {
  const characters = [...pattern]
  const tokens: Token[] = []
  let kind: Translation['kind'] = 'exact'
  for (let at = 0, first = true; at < characters.length; first = false) {
    const character = characters[at++] ?? ''
    if (character === '*' && characters[at] === '*') {
      at++
      if (characters[at] === '/') at++
      const isLast = at === characters.length
      kind = isLast && kind === 'exact' ? 'prefix' : 'regex'
      tokens.push(isLast ? ALL : DIRECTORIES)
      if (first) kind = 'suffix'
      continue
    }
    if (character === '[') {
      const { source, next } = translateClass(characters, at)
      tokens.push({ kind: 'one', source })
      at = next
    } else if (character === '\\') tokens.push(escaped(characters[at++] ?? ''))
    else if (character === '*') tokens.push(NAME)
    else if (character === '?') tokens.push({ kind: 'one', source: '[^/]' })
    // In patternmatcher an unescaped `^` is an anchor inside the regular expression, not a character to match.
    else if (character === '^') tokens.push({ kind: 'anchor', source: '^' })
    else tokens.push({ kind: 'one', source: literal(character) })
    if ('[]\\*?'.includes(character)) kind = 'regex'
  }
  return { kind, tokens }
}

/**
 * Follows all possible matches at once: the time is proportional to the length of the path times that of the
 * pattern.
 */
function linearTest(tokens: readonly Token[]): (path: string) => boolean {
  const steps = tokens.map(({ kind, source }) => ({ kind, regex: new RegExp(`^${source}$`, 'u') }))
  return (path) => {
    const characters = [...path]
    // For each position, whether the tokens so far can match the characters before it.
    let reached = new Uint8Array(characters.length + 1)
    reached[0] = 1
    for (const { kind, regex } of steps) {
      const next = new Uint8Array(characters.length + 1)
      let open = 0
      for (let at = 0; at <= characters.length; at++) {
        const before = at === 0 ? '' : (characters[at - 1] ?? '')
        if (kind === 'one') {
          if (reached[at - 1] === 1 && regex.test(before)) next[at] = 1
          continue
        }
        if (before === (kind === 'name' ? '/' : '\n')) open = 0
        if (reached[at] === 1 || (open === 1 && (kind !== 'directories' || before === '/'))) next[at] = 1
        if (reached[at] === 1) open = 1
      }
      reached = next
    }
    return reached[characters.length] === 1
  }
}

/** The meaning of escaped letters in Go's regular expressions, to which patternmatcher compiles patterns. */
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\\x07',
  f: '\\f',
  n: '\\n',
  r: '\\r',
  t: '\\t',
  v: '\\v',
  d: '\\d',
  D: '\\D',
  w: '\\w',
  W: '\\W',
  s: '[\\t\\n\\f\\r ]',
  S: '[^\\t\\n\\f\\r ]',
  b: '\\b',
  B: '\\B',
  A: '^',
  z: '$',
}

function escaped(character: string): Token {
  if (!/[0-9A-Za-z]/.test(character)) return { kind: 'one', source: literal(character) }
  const source = ESCAPES[character]
  if (source === undefined) throw new BadPattern(`has the unknown escape "\\${character}"`)
  return { kind: 'bBAz'.includes(character) ? 'anchor' : 'one', source }
}

const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-/:-@\\[-`\\{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
}

function translateClass(characters: readonly string[], start: number): { source: string; next: number } {
  let at = start
  let source = '['
  if (characters[at] === '^') source += characters[at++]
  while (characters[at] !== ']') {
    if (at >= characters.length) throw new BadPattern('has a class without an end')
    const named = /^\[:(\w+):\]/.exec(characters.slice(at, at + 12).join(''))
    const members = named && POSIX[named[1] ?? '']
    if (named && members === undefined) throw new BadPattern(`has the unknown class ${named[0]}`)
    if (named && members !== undefined) {
      source += members
      at += named[0].length
      continue
    }
    const isEscaped = characters[at] === '\\'
    if (isEscaped) at++
    const member = characters[at++] ?? ''
    if (isEscaped && /[A-Za-z]/.test(member)) source += classEscape(member)
    else source += literal(member)
    if (characters[at] === '-' && characters[at + 1] !== ']') {
      source += '-'
      at++
      if (characters[at] === '\\') at++
      source += literal(characters[at++] ?? '')
    }
  }
  return { source: `${source}]`, next: at + 1 }
}

function classEscape(letter: string): string {
  if (letter === 's') return '\\t\\n\\f\\r '
  if ('afnrtvdDwW'.includes(letter)) return ESCAPES[letter] ?? ''
  throw new BadPattern(`has the unknown escape "\\${letter}" in a class`)
}
