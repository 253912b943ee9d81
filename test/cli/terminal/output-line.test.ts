import { expect, test } from 'vitest'
import { outputLine } from '../../../lib/cli/terminal/output-line.ts'

const RED = '\x1b[31m'
const RESET = '\x1b[0m'

test.each([
  ['plain text', 'hello', 'hello'],
  ['a progress bar', ' 10%\r 50%\r100%', '100%'],
  ['a shorter end of a progress bar', 'downloading\rdone', 'doneloading'],
  ['an erased line', 'downloading\r\x1b[2Kdone', 'done'],
  ['an erased end', 'downloading\rdone\x1b[K', 'done'],
  ['an erased beginning', 'abc\x1b[1Kd', '   d'],
  ['backspaces of a spinner', '-\b\\\b|\b/', '/'],
  ['a cursor that moves', 'abc\x1b[1GX\x1b[1CY', 'XbY'],
  ['a cursor that leaves the line', 'a\x1b[5Ab\x1b[10;10Hc', 'abc'],
  ['a cleared screen', '\x1b[2J\x1b[Habc', 'abc'],
  ['a title', '\x1b]0;title\x07abc', 'abc'],
  ['the clipboard', '\x1b]52;c;aGVsbG8=\x1b\\abc', 'abc'],
  ['a link', '\x1b]8;;https://example.org\x1b\\text\x1b]8;;\x1b\\', 'text'],
  ['an unfinished string', 'abc\x1b]0;tit', 'abc'],
  ['an unfinished sequence', 'abc\x1b[3', 'abc'],
  ['a lone escape', 'abc\x1b', 'abc'],
  ['a device control string', '\x1bPq#0;2;0;0;0\x1b\\abc', 'abc'],
  ['a bell', 'a\x07b', 'a␇b'],
  ['a C1 control', 'a\x9b2Jb', 'a�2Jb'],
  ['a text that runs backwards', 'a\u202eb', 'a�b'],
  ['a tab', 'a\tb', 'a    b'],
  ['combining marks', 'e\u0301x', 'e\u0301x'],
  ['a far column', '\x1b[999999999Gx', `${' '.repeat(4096)}x`],
])('without colours: %s', (_, text, shown) => {
  expect(outputLine(text, { color: false })).toBe(shown)
})

test.each([
  ['a colour', `${RED}a${RESET}b`, `${RED}a${RESET}b`],
  ['a colour that is not reset', `${RED}a`, `${RED}a${RESET}`],
  [
    'colours of 256 and of 16 million',
    '\x1b[38;5;9ma\x1b[48;2;1;2;3mb',
    '\x1b[38;5;9ma\x1b[0m\x1b[38;5;9;48;2;1;2;3mb\x1b[0m',
  ],
  ['hidden text', '\x1b[8mpassword', 'password'],
  ['blinking text', '\x1b[5;31ma', `${RED}a${RESET}`],
  ['a private sequence', '\x1b[?25l\x1b[>4ma', 'a'],
  ['colours below a progress bar', `${RED}aaa\rb`, `${RED}baa${RESET}`],
])('with colours: %s', (_, text, shown) => {
  expect(outputLine(text, { color: true })).toBe(shown)
  expect(outputLine(text, { color: false })).not.toContain('\x1b')
})

test('a colour that changes for ever does not grow', () => {
  const line = outputLine('\x1b[1;31;42ma'.repeat(1000), { color: true })
  expect(line.length).toBeLessThan(1000 * 60)
})

test('is cut to a width by columns, not by sequences', () => {
  expect(outputLine(`${RED}abcdef${RESET}`, { color: true, width: 4 })).toBe(`${RED}abc${RESET}…`)
  expect(outputLine('日本語', { color: false, width: 5 })).toBe('日本…')
  expect(outputLine('日本語', { color: false, width: 6 })).toBe('日本語')
})
