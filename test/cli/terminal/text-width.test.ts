import { describe, expect, test } from 'vitest'
import { printable, textWidth, truncate } from '../../../lib/cli/terminal/text-width.ts'

test.each([
  ['', 0],
  ['abc', 3],
  ['äöü', 3],
  ['e\u0301', 1],
  ['日本', 4],
  ['🚀', 2],
  ['✔', 1],
])('%j takes %d columns', (text, width) => {
  expect(textWidth(text)).toBe(width)
})

test.each([
  ['hello', 5, 'hello'],
  ['hello', 4, 'hel…'],
  ['hello', 1, '…'],
  ['hello', 0, ''],
  ['日本語', 4, '日…'],
  ['a b', 2, 'a…'],
])('%j in %d columns is %j', (text, width, cut) => {
  expect(truncate(text, width)).toBe(cut)
})

describe('text from outside can’t command the terminal', () => {
  test.each([
    ['\x1b[2Jx', '␛[2Jx'],
    ['a\rb', 'a␍b'],
    ['a\tb', 'a    b'],
    ['\x9b31m', '�31m'],
    ['a\u202eb', 'a�b'],
    ['\x7f', '␡'],
  ])('%j', (text, shown) => {
    expect(printable(text)).toBe(shown)
  })
})
