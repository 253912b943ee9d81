import { TsbuildError } from '../../base/errors.ts'
import { goClean } from '../../base/paths.ts'
import { positionAt, type SourceFile } from '../../base/source.ts'
import { type CompiledPattern, compilePattern } from './compile-pattern.ts'
import { BadPattern } from './glob-syntax.ts'
import { type IgnoreLine, parseIgnoreFile, trimSpace } from './parse-ignore-file.ts'

/** The result of matching a path. Matching the entries of a directory starts from the state of the directory. */
export interface MatchState {
  readonly matched: boolean
  /** For each run of patterns, whether it matched the path or a directory above it; undefined if none did. */
  readonly runs: readonly boolean[] | undefined
}

/**
 * Patterns as in a `.dockerignore`. The last pattern that matches a path, or a directory above it, decides. A
 * pattern with `!` is an exception: it re-includes what it matches. Paths are in the form of layers/entry.ts.
 */
export interface PatternMatcher {
  readonly hasExceptions: boolean
  /** Matches a path, given the state of its parent (undefined for an entry of the root). For walks through a tree. */
  match(path: string, parent: MatchState | undefined): MatchState
  /** Matches a single path, including the directories above it. */
  matches(path: string): boolean
  /** False if no pattern of this kind can match anything below a directory, so that the directory need not be read. */
  mayMatchBelow(directory: string, kind: 'patterns' | 'exceptions'): boolean
}

/** Why a path is ignored. */
export interface IgnoreReason {
  /** The pattern as written in the file. */
  readonly pattern: string
  /** The line number, from 1. */
  readonly line: number
  /** The ignore file's name. */
  readonly file: string
}

export interface IgnoreMatcher extends PatternMatcher {
  /** The patterns in order, cleaned, with a leading `!` for exceptions. */
  readonly patterns: readonly string[]
  /** The pattern that excludes a path; undefined if the path is not excluded. */
  explain(path: string): IgnoreReason | undefined
}

interface Pattern {
  readonly text: string
  readonly exception: boolean
  readonly compiled: CompiledPattern
}

/**
 * Consecutive patterns that all exclude, or are all exceptions. Their order does not matter, so they share one
 * expression.
 */
interface Run {
  readonly exception: boolean
  readonly test: (path: string) => boolean
}

const NOTHING: MatchState = { matched: false, runs: undefined }

/** @throws BadPattern */
export function createPatternMatcher(patterns: readonly string[]): PatternMatcher {
  return matcherOf(patterns.map(compile).filter((pattern) => pattern !== undefined))
}

/** The matcher for an ignore file. Errors with `IGNORE_PATTERN`, with the location of the pattern. */
export function createIgnoreMatcher(file: SourceFile): IgnoreMatcher {
  const lines = parseIgnoreFile(file)
  const compiled = lines.map((line) => ({ line, pattern: compileLine(file, line) }))
  const used = compiled.flatMap(({ line, pattern }) => (pattern ? [{ line, pattern }] : []))
  const matcher = matcherOf(used.map(({ pattern }) => pattern))
  return {
    ...matcher,
    patterns: used.map(({ line }) => line.pattern),
    explain(path) {
      let state: MatchState | undefined
      for (const prefix of prefixesOf(path)) state = matcher.match(prefix, state)
      if (!state?.matched) return undefined
      const deciding = used.findLast(({ pattern }) => !pattern.exception && matchesAlone(pattern, path))
      if (!deciding) return undefined
      const { start, end } = deciding.line.span
      return { pattern: file.text.slice(start, end), line: positionAt(file.text, start).line, file: file.name }
    },
  }
}

function compileLine(file: SourceFile, line: IgnoreLine): Pattern | undefined {
  try {
    return compile(line.pattern)
  } catch (cause) {
    if (!(cause instanceof BadPattern)) throw cause
    const text = JSON.stringify(file.text.slice(line.span.start, line.span.end))
    throw new TsbuildError('IGNORE_PATTERN', `pattern ${text} ${cause.message}`, {
      location: { file, span: line.span },
      hint: 'see https://docs.docker.com/build/concepts/context/#syntax for the syntax of ignore files',
      cause,
    })
  }
}

/** Undefined for an empty pattern, which has no effect. */
function compile(text: string): Pattern | undefined {
  const trimmed = trimSpace(text)
  if (trimmed === '') return undefined
  const pattern = goClean(trimmed)
  if (pattern === '!') throw new BadPattern('excepts nothing')
  const exception = pattern.startsWith('!')
  const body = exception ? pattern.slice(1) : pattern
  return { text: body, exception, compiled: compilePattern(body) }
}

function matcherOf(patterns: readonly Pattern[]): PatternMatcher {
  const runs = runsOf(patterns)
  const exceptions = patterns.filter((pattern) => pattern.exception)
  const plain = patterns.filter((pattern) => !pattern.exception)
  const directories = { exceptions: exceptions.map(directoryOf), patterns: plain.map(directoryOf) }
  return {
    hasExceptions: exceptions.length > 0,
    match(path, parent) {
      let matched = false
      let hits: boolean[] | undefined
      for (let i = 0; i < runs.length; i++) {
        const run = runs[i] as Run
        let hit = parent?.runs?.[i] === true
        if (!hit && run.exception === matched) hit = run.test(path)
        if (!hit) continue
        hits ??= new Array<boolean>(runs.length).fill(false)
        hits[i] = true
        matched = !run.exception
      }
      return hits ? { matched, runs: hits } : NOTHING
    },
    matches(path) {
      let matched = false
      for (const run of runs) {
        if (run.exception !== matched) continue
        if (prefixesOf(path).some((prefix) => run.test(prefix))) matched = !run.exception
      }
      return matched
    },
    mayMatchBelow: (directory, kind) =>
      directories[kind].some((other) => other.startsWith(`${directory}/`) || `${directory}/`.startsWith(other)),
  }
}

function runsOf(patterns: readonly Pattern[]): readonly Run[] {
  const runs: { exception: boolean; compiled: CompiledPattern[] }[] = []
  for (const { exception, compiled } of patterns) {
    const last = runs.at(-1)
    if (last?.exception === exception) last.compiled.push(compiled)
    else runs.push({ exception, compiled: [compiled] })
  }
  return runs.map(({ exception, compiled }) => ({ exception, test: testOf(compiled) }))
}

/** A test whether a path matches any of the patterns. */
function testOf(compiled: readonly CompiledPattern[]): (path: string) => boolean {
  const tests = compiled.flatMap(({ test }) => test ?? [])
  const sources = compiled.flatMap(({ source, test }) => (test ? [] : source))
  // An empty expression would match everything.
  const regex = sources.length > 0 ? new RegExp(sources.join('|'), 'u') : undefined
  if (regex && tests.length === 0) return (path) => regex.test(path)
  return (path) => regex?.test(path) === true || tests.some((test) => test(path))
}

/**
 * The directory, with a trailing slash, that contains every path that a pattern can match; `''` if that is the
 * root.
 */
function directoryOf({ text }: Pattern): string {
  const literals: string[] = []
  for (const part of text.split('/')) {
    if (/[*[\]?^\\]/.test(part)) break
    literals.push(`${part}/`)
  }
  return literals.join('')
}

function matchesAlone(pattern: Pattern, path: string): boolean {
  return prefixesOf(path).some(testOf([pattern.compiled]))
}

/** A path and the directories above it, outermost first: `a`, `a/b`, `a/b/c`. */
function prefixesOf(path: string): readonly string[] {
  const prefixes: string[] = []
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1))
    if (at > 0) prefixes.push(path.slice(0, at))
  prefixes.push(path)
  return prefixes
}
