import { describe, expect, test } from 'vitest'
import { hasWildcard, matchSources } from '../../../lib/executor/copy/match-sources.ts'
import { parseTree } from '../tree-text.ts'

const NAMES = [
  'a',
  'ab',
  'a☺b',
  'b',
  '.env',
  'x*y',
  'x[y',
  'arr[0].txt',
  '!',
  'a-b',
  'd/a/1',
  'd/b/1',
  'd/b/2',
  'e+(f)',
  '[ab]',
]
const tree = parseTree(
  `${NAMES.map((name) => `f 644 0:0 ${name}`).join('\n')}\nl 777 0:0 link -> d\nl 777 0:0 d/link -> b`,
)

describe('what a pattern finds', () => {
  test.each([
    ['a', ['a']],
    ['none', ['none']],
    ['*', ['!', '.env', '[ab]', 'a', 'a-b', 'ab', 'arr[0].txt', 'a☺b', 'b', 'd', 'e+(f)', 'link', 'x*y', 'x[y']],
    ['a*', ['a', 'a-b', 'ab', 'arr[0].txt', 'a☺b']],
    ['a?b', ['a-b', 'a☺b']],
    ['.*', ['.env']],
    ['*b', ['a-b', 'ab', 'a☺b', 'b']],
    ['d/*/1', ['d/a/1', 'd/b/1']],
    ['*/b/*', ['d/b/1', 'd/b/2']],
    ['link/*/1', ['d/a/1', 'd/b/1']],
    ['[ab]', ['a', 'b']],
    ['[a-b]', ['a', 'b']],
    ['[^a]', ['!', 'b', 'd']],
    ['[!a]', ['!', 'a']],
    ['[b-a]*', []],
    ['x\\**', ['x*y']],
    ['x[*]y', ['x*y']],
    ['x[[]y', ['x[y']],
    ['arr[[]0].txt', ['arr[0].txt']],
    ['e+(*)', ['e+(f)']],
    ['nope*', []],
    ['a/*', []],
  ])('%s', async (pattern, expected) => {
    expect(await matchSources(tree, pattern)).toEqual(expected)
  })
})

test('what comes before the wildcards has to be there', async () => {
  expect(await matchSources(tree, 'none/*')).toBeUndefined()
})

test.each([
  ['a', false],
  ['a*', true],
  ['?', true],
  ['[', true],
  ['\\*', false],
  ['\\\\*', true],
  ['a]', false],
])('whether %s has a wildcard: %s', (text, expected) => {
  expect(hasWildcard(text)).toBe(expected)
})
