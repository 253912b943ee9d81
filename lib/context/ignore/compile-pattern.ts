// One pattern of an ignore file as a regular expression, exactly as moby/patternmatcher reads it.
import { BadPattern, checkGlob, literal } from './glob-syntax.ts'

/**
 * The source of a regular expression (flag `u`, no anchors needed around it) that matches the paths that a pattern matches itself.
 * What a pattern says about a directory's contents is the matcher's business. The pattern is clean and without its `!`.
 * @throws BadPattern
 */
export function compilePattern(pattern: string): string {
  checkGlob(pattern)
  const { kind, body } = translate(pattern)
  switch (kind) {
    case 'exact':
      return `^${literals(pattern)}$`
    case 'prefix':
      return `^${literals(pattern.slice(0, -2))}`
    case 'suffix': {
      const suffix = pattern.slice(2)
      return suffix.startsWith('/') ? `(?:^|/)${literals(suffix.slice(1))}$` : `${literals(suffix)}$`
    }
    case 'regex':
      return validated(`^${body}$`)
  }
}

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

interface Translation {
  /** How moby/patternmatcher compares: the simple kinds compare the pattern's own text. */
  readonly kind: 'exact' | 'prefix' | 'suffix' | 'regex'
  readonly body: string
}

function translate(pattern: string): Translation {
  const characters = [...pattern]
  let kind: Translation['kind'] = 'exact'
  let body = ''
  for (let at = 0, tokens = 0; at < characters.length; tokens++) {
    const character = characters[at++] ?? ''
    if (character === '*' && characters[at] === '*') {
      at++
      if (characters[at] === '/') at++
      if (at < characters.length) {
        body += '(?:[^\\n]*/)?'
        kind = 'regex'
      } else if (kind === 'exact') {
        kind = 'prefix'
      } else {
        body += '[^\\n]*'
        kind = 'regex'
      }
      if (tokens === 0) kind = 'suffix'
    } else if (character === '*') {
      body += '[^/]*'
      kind = 'regex'
    } else if (character === '?') {
      body += '[^/]'
      kind = 'regex'
    } else if (character === '\\') {
      body += escaped(characters[at++] ?? '')
      kind = 'regex'
    } else if (character === '[') {
      const end = translateClass(characters, at)
      body += end.source
      at = end.next
      kind = 'regex'
    } else if (character === ']') {
      body += '\\]'
      kind = 'regex'
    } else {
      // An unescaped `^` is not a character to match: the pattern becomes a regular expression with an anchor in its middle.
      body += character === '^' ? '^' : literal(character)
    }
  }
  return { kind, body }
}

// What an escaped letter means in Go's regular expressions, in which patterns end up.
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

function escaped(character: string): string {
  if (!/[0-9A-Za-z]/.test(character)) return literal(character)
  const meaning = ESCAPES[character]
  if (meaning === undefined) throw new BadPattern(`has the unknown escape "\\${character}"`)
  return meaning
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
