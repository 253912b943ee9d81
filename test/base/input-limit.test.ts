import { expect, test } from 'vitest'
import { inputLimit, MAX_INPUT } from '../../lib/base/input-limit.ts'

test.each<[string | undefined, number]>([
  [undefined, MAX_INPUT],
  ['', MAX_INPUT],
  ['0', 0],
  ['1000', 1000],
  ['3k', 3072],
  ['2MB', 2 << 20],
  ['64g', 64 * 2 ** 30],
  ['1T', 2 ** 40],
])('TSBUILD_MAX_INPUT=%s is %d bytes', (text, bytes) => {
  expect(inputLimit({ TSBUILD_MAX_INPUT: text })).toBe(bytes)
})

test.each(['-1', '1.5g', 'lots', '1kk', '9'.repeat(20)])('TSBUILD_MAX_INPUT=%s is refused', (text) => {
  expect(() => inputLimit({ TSBUILD_MAX_INPUT: text })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
})
