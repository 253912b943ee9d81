import { expect, test } from 'vitest'
import { count, groupDigits } from '../../lib/base/count.ts'

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [123_456, '123,456'],
  [1_234_567, '1,234,567'],
  [Number.MAX_SAFE_INTEGER, '9,007,199,254,740,991'],
])('%d reads as %s', (n, text) => {
  expect(groupDigits(n)).toBe(text)
})

test('counts have thousands separators and plurals', () => {
  expect([count(1, 'layer'), count(0, 'layer'), count(12345, 'file')]).toEqual(['1 layer', '0 layers', '12,345 files'])
})
