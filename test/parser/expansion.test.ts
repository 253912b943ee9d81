import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Expansion, expandWord, expandWords } from '../../lib/parser/index.ts'

const variables = new Map([
  ['HOME', '/root'],
  ['FILE', '/srv/www/app.tar.gz'],
  ['EMPTY', ''],
  ['LIST', 'a  b'],
  ['STAR', 'x*y'],
  ['DOLLAR', '$0'],
])

describe('a word expands as in the table', () => {
  const table = readFileSync(join(import.meta.dirname, 'expansion.txt'), 'utf8')
  for (const line of table.split('\n').filter((row) => row !== '' && !row.startsWith('# '))) {
    const [word = '', expected = ''] = line.split(' |').map((column) => column.trim())
    test(word, () => expect(show(expandWord(word, variables)).trim()).toBe(expected))
  }
})

describe('words split at white space', () => {
  test.each([
    ['a  b\tc', ['a', 'b', 'c']],
    ['"a b" c\\ d', ['a b', 'c d']],
    ['$LIST', ['a', 'b']],
    ['x"$LIST"y', ['xa  by']],
    ['x$LIST', ['xa', 'b']],
    ['""', []],
    ['<< EOF x', ['<< EOF', 'x']],
    // As in BuildKit: a nested word drops what the word around it had so far.
    ['80${UNSET:-90}', ['90']],
  ])('%j', (text, words) => expect(expandWords(text, variables)).toMatchObject({ value: words }))
})

describe('the options of the lexer', () => {
  test.each([
    ['`$HOME', { escape: '`' }, '$HOME'],
    ['c:\\$HOME', { escape: '`' }, 'c:\\/root'],
    [`"a" 'b'`, { rawQuotes: true }, `"a" 'b'`],
    ['\\a\\$', { rawEscapes: true }, '\\a\\$'],
    [`it's "$HOME"`, { skipProcessQuotes: true }, `it's "/root"`],
    [
      '$UNSET ${UNSET} ${UNSET:-$HOME} ${UNSET//a/b}',
      { skipUnsetEnv: true },
      '$UNSET ${UNSET} ${UNSET:-/root} ${UNSET/a/b}',
    ],
  ] as const)('%j with %j', (text, options, value) =>
    expect(expandWord(text, variables, options)).toMatchObject({ value }),
  )
})

test('the result says which variables were set and which were not', () => {
  const result = expandWord("${HOME:-$EMPTY} ${UNSET:+$OTHER} '$QUOTED'", variables)
  expect(result).toMatchObject({ used: new Set(['EMPTY', 'HOME']), unset: new Set(['OTHER', 'UNSET']) })
})

test('variables can come from a function', () => {
  expect(expandWord('$a$b', (name) => (name === 'a' ? 'A' : undefined))).toMatchObject({ value: 'A' })
})

describe('hostile words are refused instead of exhausting time, stack or memory', () => {
  const long = new Map([['A', 'a'.repeat(100_000)]])
  test.each([
    ['${x:-'.repeat(100_000), /nested substitutions/],
    ['$A'.repeat(1000), /longer than/],
    [`\${A/${'a?'.repeat(1000)}b/x}`, /too long/],
  ])('%#', (word, message) => {
    expect(expandWord(word, long)).toMatchObject({
      error: { code: 'VARIABLE_SYNTAX', message: expect.stringMatching(message) },
    })
  })
})

function show(result: Expansion<string>): string {
  return 'error' in result ? `error ${result.error.code} ${result.error.message}` : result.value
}
