import { expect, test } from 'vitest'
import { parseIgnoreFile } from '../../../lib/context/ignore/parse-ignore-file.ts'

const parse = (text: string) => parseIgnoreFile({ name: '.dockerignore', text })

test.each([
  ['lines are patterns', 'a\nb', ['a', 'b']],
  ['empty lines say nothing', '\n\n  \na\n', ['a']],
  ['comments start in the first column', '# no\n #yes\na # b', ['#yes', 'a # b']],
  ['white space around is trimmed', ' \ta\u00a0\r\n', ['a']],
  ['a byte order mark is skipped', '\ufeff# no\n*', ['*']],
  ['paths are cleaned', './a//b/../c/', ['a/c']],
  ['a leading slash means nothing', '/a\n!/b', ['a', '!b']],
  ['an exception may be set off by a space', '!  a', ['!a']],
  ['a lone exclamation mark is kept, to be refused later', '!\n!  ', ['!', '!']],
  ['the root alone stays', '/\n.', ['/', '.']],
])('%s', (_, text, patterns) => {
  expect(parse(text).map((line) => line.pattern)).toEqual(patterns)
})

test('a pattern knows where it is written, without the space around', () => {
  const text = '# one\n  ! /two \n'
  const [line] = parse(text)
  expect(line && text.slice(line.span.start, line.span.end)).toBe('! /two')
})
