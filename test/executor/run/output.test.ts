import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createOutputTail } from '../../../lib/executor/run/output-tail.ts'
import { createLineSplitter } from '../../../lib/executor/worker/output-lines.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const written = (...chunks: readonly (string | Uint8Array)[]): { told: string[]; end: () => void } => {
  const told: string[] = []
  const writer = createLineSplitter((text) => told.push(text))
  for (const chunk of chunks) writer.write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return { told, end: () => writer.end() }
}

test('lines are told whole, however they come', () => {
  const { told, end } = written('on', 'e\ntw', 'o\nthree')
  expect(told).toEqual(['one\n', 'two\n'])
  end()
  expect(told).toEqual(['one\n', 'two\n', 'three'])
})

test('a character in two pieces is one character', () => {
  const bytes = Buffer.from('ä\n')
  expect(written(bytes.subarray(0, 1), bytes.subarray(1)).told).toEqual(['ä\n'])
})

test('what waits for its end is told after a moment', () => {
  const { told } = written('Password: ')
  expect(told).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(told).toEqual(['Password: '])
})

test('a line without an end does not grow for ever', () => {
  expect(written('x'.repeat(20_000)).told).toEqual(['x'.repeat(20_000)])
})

test('the tail keeps the last lines, as a terminal would show them', () => {
  const tail = createOutputTail()
  for (let line = 0; line < 100; line++) tail.add(`line ${line}\n`)
  tail.add('10%\r50%\r100%\n\u001b[31mred\u001b[0m\n')
  tail.add('unfinished')
  expect(tail.lines().slice(-4)).toEqual(['line 99', '100%', 'red', 'unfinished'])
  expect(tail.lines()).toHaveLength(12)
})
