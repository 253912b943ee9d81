import { expect, test } from 'vitest'
import { formatSize } from '../../../lib/base/format-size.ts'
import { formatAge, formatDuration } from '../../../lib/cli/terminal/format-quantity.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [1234, '1.23 kB'],
  [9_994, '9.99 kB'],
  [9_999, '10.0 kB'],
  [12_345, '12.3 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [123_456_789, '123 MB'],
  [1_000_000_000_000_000, '1000 TB'],
])('%d bytes read as %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text)
})

test.each([
  [-5, '0.0s'],
  [40, '0.0s'],
  [50, '0.1s'],
  [12_340, '12.3s'],
  [59_949, '59.9s'],
  [59_950, '1m 00s'],
  [125_000, '2m 05s'],
  [3_725_000, '1h 02m'],
])('%d milliseconds read as %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text)
})

test.each([
  ['2025-01-01T00:00:00Z', 'now'],
  ['2024-12-31T23:59:59Z', '1 second ago'],
  ['2024-12-31T23:55:00Z', '5 minutes ago'],
  ['2024-12-30T00:00:00Z', '2 days ago'],
  ['2024-12-01T00:00:00Z', '1 month ago'],
  ['1970-01-01T00:00:00Z', '55 years ago'],
  ['2026-01-01T00:00:00Z', 'in the future'],
  ['nonsense', 'unknown'],
])('%s was %s', (then, text) => {
  expect(formatAge(new Date(then), new Date('2025-01-01T00:00:00Z'))).toBe(text)
})
