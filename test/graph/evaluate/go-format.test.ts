import { expect, test } from 'vitest'
import { goDuration, goList, goQuote, goQuoteList } from '../../../lib/graph/evaluate/go-format.ts'

test.each([
  ['plain', '"plain"'],
  ['say "hi"', '"say \\"hi\\""'],
  ['back\\slash', '"back\\\\slash"'],
  ['tab\tline\nbell\x07', '"tab\\tline\\nbell\\a"'],
  ['\x01\x7f', '"\\x01\\x7f"'],
  ['grüße 😀', '"grüße 😀"'],
  ['\u200b', '"\\u200b"'],
  ['', '""'],
])('%j is quoted as Go does: %s', (text, quoted) => {
  expect(goQuote(text)).toBe(quoted)
})

test('lists are in brackets, separated by one space', () => {
  expect(goList(['a', 'b c'])).toBe('[a b c]')
  expect(goQuoteList(['a', 'b c'])).toBe('["a" "b c"]')
  expect(goQuoteList([])).toBe('[]')
})

test.each([
  [0, '0s'],
  [1, '1ns'],
  [1500, '1.5µs'],
  [250e6, '250ms'],
  [1.5e9, '1.5s'],
  [30e9, '30s'],
  [90e9, '1m30s'],
  [3600e9, '1h0m0s'],
  [3661.5e9, '1h1m1.5s'],
  [-5e9, '-5s'],
])('%d ns is the duration %s', (nanoseconds, text) => {
  expect(goDuration(nanoseconds)).toBe(text)
})
