import { describe, expect, test } from 'vitest'
import { BadPattern } from '../../../lib/context/ignore/glob-syntax.ts'
import {
  createIgnoreMatcher,
  createPatternMatcher,
  type MatchState,
  type PatternMatcher,
} from '../../../lib/context/ignore/ignore-matcher.ts'

/** As a walk of the tree finds it, directory by directory. */
function walk(matcher: PatternMatcher, path: string): boolean {
  let state: MatchState | undefined
  const parts = path.split('/')
  for (let i = 1; i <= parts.length; i++) state = matcher.match(parts.slice(0, i).join('/'), state)
  return state?.matched ?? false
}

describe('what a single pattern matches', () => {
  test.each([
    // pattern, matches, does not match
    ['readme', 'readme readme/x', 'README a/readme readme.md'],
    ['*.go', 'a.go .go a.go/x', 'x/a.go a.gone'],
    ['a?c', 'abc a☺c', 'ac a/c abbc'],
    ['a/*', 'a/b a/b/c', 'a ab'],
    ['*/b', 'a/b x/b/c', 'b a/c a/x/b'],
    ['**', 'a a/b .a', ''],
    ['**/b', 'b a/b x/y/b b/c', 'ab a/bc'],
    ['**b', 'b ab x/ab', 'bc'],
    ['a/**', 'a/b a/b/c', 'a ab'],
    ['a**', 'a ab a/b', 'ba'],
    ['a/**/z', 'a/z a/b/z a/b/c/z', 'a az a/bz'],
    ['**/a/*.x', 'a/1.x b/a/2.x', 'a/b/1.x 1.x'],
    ['[a-c]x', 'ax cx', 'dx [a-c]x'],
    ['[^a-c]x', 'dx zx', 'ax x'],
    ['[!a]x', '!x ax', 'bx'],
    ['[[:digit:]]', '1 9', 'a'],
    ['a\\*', 'a*', 'ab a\\*'],
    ['a\\[b', 'a[b', 'ab'],
    ['[\\]]', ']', 'a'],
    ['a.b', 'a.b', 'axb'],
    ['a+(b){1}|c$', 'a+(b){1}|c$', 'aab c'],
    ['a\\d', 'a1', 'ad a\\d'],
  ])('%s', (pattern, yes, no) => {
    const matcher = createPatternMatcher([pattern])
    for (const path of yes.split(' ')) expect.soft(walk(matcher, path), path).toBe(true)
    for (const path of no.split(' ').filter(Boolean)) expect.soft(walk(matcher, path), path).toBe(false)
    for (const path of `${yes} ${no}`.trim().split(' '))
      expect.soft(matcher.matches(path), path).toBe(walk(matcher, path))
  })
})

describe('the last pattern that matches decides', () => {
  test.each([
    ['an exception brings back', ['*', '!a'], 'a', false],
    ['what is in an exception comes back too', ['*', '!a'], 'a/b/c', false],
    ['an exception below an ignored directory', ['a', '!a/b'], 'a/b', false],
    ['its neighbours stay ignored', ['a', '!a/b'], 'a/c', true],
    ['an exception before the rule says nothing', ['!a', 'a'], 'a', true],
    ['rules alternate', ['a', '!a/b', 'a/b/c', '!a/b/c/d'], 'a/b/c/d', false],
    ['rules alternate, one level up', ['a', '!a/b', 'a/b/c', '!a/b/c/d'], 'a/b/c/e', true],
  ])('%s', (_, patterns, path, expected) => {
    expect(walk(createPatternMatcher(patterns), path)).toBe(expected)
  })
})

test('a directory whose contents nothing can bring back need not be read', () => {
  const matcher = createPatternMatcher(['*', '!src/app', '!docs/*.md'])
  expect(matcher.mayMatchBelow('src', 'exceptions')).toBe(true)
  expect(matcher.mayMatchBelow('src/app/deep', 'exceptions')).toBe(true)
  expect(matcher.mayMatchBelow('docs', 'exceptions')).toBe(true)
  expect(matcher.mayMatchBelow('node_modules', 'exceptions')).toBe(false)
  expect(createPatternMatcher(['*', '!**/keep']).mayMatchBelow('x', 'exceptions')).toBe(true)
})

test('a pattern of many wildcards says the same in a form that takes no time', () => {
  for (const [pattern, yes, no] of [
    ['*a*a*b', ['aab', 'xaxaxb', '.aa☺b'], ['ab', 'a/ab', 'aabc']],
    ['**/a/**/b/*.[ch]', ['a/b/x.c', 'q/a/r/s/b/.h'], ['a/x.c', 'a/b/c/x.c', 'xa/b/x.c']],
    ['a/**/b?/**', ['a/bx/c', 'a/q/bx/c/d'], ['a/bx', 'a/b/c']],
  ] as const) {
    const matcher = createPatternMatcher([pattern])
    for (const path of yes) expect.soft(matcher.match(path, undefined).matched, `${pattern} ${path}`).toBe(true)
    for (const path of no) expect.soft(matcher.match(path, undefined).matched, `${pattern} ${path}`).toBe(false)
  }
  const hostile = createPatternMatcher([`${'*a'.repeat(20)}*b`, `${'**/a/'.repeat(20)}b`])
  expect(hostile.matches(`${'a'.repeat(200)}/${'a/'.repeat(100)}`)).toBe(false)
})

test.each(['!', '[', 'a[', '[]a]', '[-]', '[x-]', '[a-b-c]', 'a\\', '[^', '[z-a]', 'a\\y', '[[:nope:]]'])(
  'the pattern %s is refused',
  (pattern) => {
    expect(() => createPatternMatcher([pattern])).toThrow(BadPattern)
  },
)

test('a bad pattern is an error at its line', () => {
  const file = { name: '.dockerignore', text: 'a\n  [b\n' }
  expect(() => createIgnoreMatcher(file)).toThrow(
    expect.objectContaining({ code: 'IGNORE_PATTERN', location: { file, span: { start: 4, end: 6 } } }),
  )
})

describe('why a path is ignored', () => {
  const matcher = createIgnoreMatcher({
    name: 'web.dockerignore',
    text: '# logs\n*.log\n /tmp/ \n!tmp/keep\ntmp/keep/not\n',
  })
  test.each([
    ['a.log', { pattern: '*.log', line: 2, file: 'web.dockerignore' }],
    ['tmp/x/y', { pattern: '/tmp/', line: 3, file: 'web.dockerignore' }],
    ['tmp/keep/not/x', { pattern: 'tmp/keep/not', line: 5, file: 'web.dockerignore' }],
    ['tmp/keep/yes', undefined],
    ['src', undefined],
  ])('%s', (path, reason) => {
    expect(matcher.explain(path)).toEqual(reason)
  })
})
