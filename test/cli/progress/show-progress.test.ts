import { expect, test } from 'vitest'
import { openProgress } from '../../../lib/cli/progress/choose-progress.ts'
import { showProgress } from '../../../lib/cli/progress/show-progress.ts'
import { ttyProgress } from '../../../lib/cli/progress/tty.ts'
import type { Screen } from '../../../lib/cli/terminal/terminal.ts'
import { cached, done, plan, started } from './events.ts'

function recordingScreen(): Screen & { readonly text: () => string; width: number; resize: () => void } {
  let text = ''
  let listener = (): void => {}
  const screen = {
    width: 40,
    write: (more: string) => {
      text += more
    },
    caughtUp: () => undefined,
    isTTY: true,
    color: false,
    unicode: true,
    size: () => ({ width: screen.width, height: 24 }),
    onResize: (callback: () => void) => {
      listener = callback
      return () => {
        listener = () => {}
      }
    },
    resize: () => listener(),
    text: () => text,
  }
  return screen
}

test('rawjson prints every event as it is, one a line', () => {
  const screen = recordingScreen()
  const events = [plan('a'), started(0, 's1'), done(1, 's1')]
  const display = openProgress('rawjson', screen, {})
  events.forEach(display.onEvent)
  display.finish()
  expect(
    screen
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(events)
})

test('a live picture hides the cursor, and leaves the last picture and the cursor', () => {
  const screen = recordingScreen()
  const display = showProgress(ttyProgress(), screen)
  display.onEvent(plan('a'))
  display.onEvent(cached(0, 's1'))
  display.finish()
  display.finish()
  expect(screen.text().startsWith('\x1b[?25l')).toBe(true)
  expect(screen.text().endsWith(`\x1b[J${' ✔ a'.padEnd(33)}CACHED\n\n\x1b[?25h`)).toBe(true)
})

test('a window made narrower is cleared of the lines that it wrapped', () => {
  const screen = recordingScreen()
  const display = showProgress(ttyProgress(), screen)
  display.onEvent(plan('a'.repeat(80)))
  const before = screen.text().length
  screen.width = 25
  screen.resize()
  // The title and the step, of 39 columns each, take two rows each now.
  expect(screen.text().slice(before)).toMatch(/^\x1b\[4A\r\x1b\[J/)
  display.finish()
})
