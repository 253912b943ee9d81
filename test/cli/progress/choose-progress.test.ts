import { expect, test } from 'vitest'
import { chooseProgress } from '../../../lib/cli/progress/choose-progress.ts'
import type { Screen } from '../../../lib/cli/terminal/terminal.ts'

const screen = (isTTY: boolean): Screen => ({
  write: () => {},
  caughtUp: () => undefined,
  isTTY,
  color: false,
  unicode: true,
  size: () => ({ width: 80, height: 24 }),
  onResize: () => () => {},
})

test.each([
  ['auto', true, {}, 'tty'],
  ['auto', false, {}, 'plain'],
  ['auto', true, { CI: 'true' }, 'plain'],
  ['auto', true, { TERM: 'dumb' }, 'plain'],
  ['tty', false, { CI: 'true' }, 'tty'],
  ['rawjson', true, {}, 'rawjson'],
])('--progress=%s on a terminal (%s) with %j is %s', (asked, isTTY, env, kind) => {
  expect(chooseProgress(asked, screen(isTTY), env)).toBe(kind)
})
