// Parser directives: `# syntax=`, `# escape=` and `# check=` at the very top of a Dockerfile.

import type { Directive, EscapeCharacter } from './types.ts'
import { isRegexpSpace, isSpace, skipSpace, skipWord, trimEnd } from './white-space.ts'

/** A directive that {@link detectSyntax} or {@link findDirective} found. */
export interface FoundDirective {
  /** The first word of the value; for `syntax`, the image of the frontend. */
  readonly value: string
  /** The whole value. */
  readonly full: string
  /** The line number, from 1; 0 if the text is JSON. */
  readonly line: number
}

/** Reads the comment at `[from, to)`, which starts with `prefix`, as a directive. */
export function readDirective(text: string, from: number, to: number, prefix = '#'): Directive | undefined {
  const start = skipSpace(text, from + prefix.length, to)
  let at = skipSpace(text, start, to, isNameCharacter)
  const name = text.slice(start, at).toLowerCase()
  if (name !== 'syntax' && name !== 'escape' && name !== 'check') return undefined
  at = skipSpace(text, at, to, isRegexpSpace)
  if (text.charAt(at) !== '=' || at + 1 >= to) return undefined
  const first = skipSpace(text, at + 1, to, isRegexpSpace)
  // If the value is only white space, BuildKit takes its last character.
  const valueStart = Math.min(first, to - 1)
  const valueEnd = first === to ? to : trimEnd(text, first, to, isRegexpSpace)
  return {
    name,
    value: text.slice(valueStart, valueEnd),
    span: { start: from, end: valueEnd },
    valueSpan: { start: valueStart, end: valueEnd },
  }
}

/** The escape character that an `escape` directive sets; undefined for an invalid value. */
export function escapeOf({ value }: Directive): EscapeCharacter | undefined {
  return value === '\\' || value === '`' ? value : undefined
}

/**
 * The directives at the top of a text, up to the first line that is not a directive or repeats one. It is
 * stricter than a build in one point: nothing, not even a byte order mark, may come before the `#`.
 *
 * @example
 * ```ts
 * import { parseDirectives } from '@tsbuild/tsbuild/parser'
 *
 * console.log(parseDirectives('# check=skip=all\nFROM scratch\n').map(({ name }) => name).join(' ')) // check
 * ```
 */
export function parseDirectives(text: string, prefix = '#'): Directive[] {
  const directives: Directive[] = []
  for (let from = 0; from < text.length; ) {
    const feed = text.indexOf('\n', from)
    const to = feed === -1 ? text.length : feed
    const end = text.charAt(to - 1) === '\r' && to > from ? to - 1 : to
    const directive = text.startsWith(prefix, from) ? readDirective(text, from, end, prefix) : undefined
    if (!directive || directives.some(({ name }) => name === directive.name)) break
    directives.push(directive)
    from = to + 1
  }
  return directives
}

/**
 * Finds one directive. A byte order mark and a `#!` line may come first.
 *
 * @example
 * ```ts
 * import { findDirective } from '@tsbuild/tsbuild/parser'
 *
 * console.log(findDirective('escape', '# escape=`\nFROM scratch\n')?.value) // `
 * ```
 */
export function findDirective(name: Directive['name'], text: string): FoundDirective | undefined {
  const { body, line } = skipShebang(text)
  return find(name, body, line, '#')
}

/**
 * The frontend that a text of any format requests: by `# syntax=`, `// syntax=`, or the `syntax` of a JSON object.
 *
 * @example
 * ```ts
 * import { detectSyntax } from '@tsbuild/tsbuild/parser'
 *
 * console.log(detectSyntax('# syntax=docker/dockerfile:1\nFROM scratch\n')?.value) // docker/dockerfile:1
 * ```
 */
export function detectSyntax(text: string): FoundDirective | undefined {
  const { body, line } = skipShebang(text)
  return find('syntax', body, line, '#') ?? find('syntax', body, line, '//') ?? syntaxOfJson(body, line)
}

function find(name: string, body: string, line: number, prefix: string): FoundDirective | undefined {
  const directives = parseDirectives(body, prefix)
  const index = directives.findIndex((directive) => directive.name === name)
  const full = directives[index]?.value
  if (full === undefined) return undefined
  return {
    value: full.slice(
      0,
      skipWord(full, 0, full.length, (code) => code === 0x20),
    ),
    full,
    line: line + index + 1,
  }
}

function skipShebang(text: string): { readonly body: string; readonly line: number } {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text
  if (!body.startsWith('#!')) return { body, line: 0 }
  const feed = body.indexOf('\n')
  return { body: feed === -1 ? '' : body.slice(feed + 1), line: 1 }
}

function syntaxOfJson(text: string, line: number): FoundDirective | undefined {
  const start = skipSpace(text, 0, text.length, isSpace)
  if (text.charAt(start) !== '{') return undefined
  try {
    const object: unknown = JSON.parse(text)
    if (typeof object !== 'object' || object === null || !('syntax' in object)) return undefined
    const value = object.syntax
    return typeof value === 'string' ? { value, full: value, line } : undefined
  } catch {
    // The text is not JSON, so it requests no frontend.
    return undefined
  }
}

function isNameCharacter(code: number): boolean {
  const lower = code | 0x20
  return (lower >= 0x61 && lower <= 0x7a && code < 0x80) || (code >= 0x30 && code <= 0x39)
}
