import { expect, test } from 'vitest'
import { speaksUnicode, wantsColor } from '../../../lib/cli/terminal/terminal.ts'

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
  [false, { FORCE_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false],
])('on a terminal (%s) with %j colour is %s', (isTTY, env, color) => {
  expect(wantsColor({ isTTY }, env)).toBe(color)
})

test.each([
  [{ LANG: 'en_US.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'C' }, false],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
  [{ LC_CTYPE: 'UTF-8' }, true],
])('with %j the terminal reads Unicode: %s', (env, unicode) => {
  expect(speaksUnicode(env)).toBe(unicode)
})
