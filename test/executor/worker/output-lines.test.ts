import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLineSplitter } from '../../../lib/executor/worker/output-lines.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const written = (...chunks: readonly (string | Uint8Array)[]): { emitted: string[]; end: () => void } => {
  const emitted: string[] = []
  const writer = createLineSplitter((text) => emitted.push(text))
  for (const chunk of chunks) writer.write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return { emitted, end: () => writer.end() }
}

test('lines are emitted whole, however they come', () => {
  const { emitted, end } = written('on', 'e\ntw', 'o\nthree')
  expect(emitted).toEqual(['one\n', 'two\n'])
  end()
  expect(emitted).toEqual(['one\n', 'two\n', 'three'])
})

test('a character in two pieces is one character', () => {
  const bytes = Buffer.from('ä\n')
  expect(written(bytes.subarray(0, 1), bytes.subarray(1)).emitted).toEqual(['ä\n'])
})

test('what waits for its end is emitted after a moment', () => {
  const { emitted } = written('Password: ')
  expect(emitted).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(emitted).toEqual(['Password: '])
})

test('a line whose end is not read yet is no prompt', async () => {
  const emitted: string[] = []
  const writer = createLineSplitter((text) => emitted.push(text))
  let goOn = (): void => {}
  const paused = new Promise<void>((resolve) => {
    goOn = resolve
  })
  writer.write(Buffer.from('Pass'))
  writer.pause(paused)
  vi.advanceTimersByTime(1000)
  expect(emitted).toEqual([])
  goOn()
  await paused
  writer.write(Buffer.from('word: '))
  vi.advanceTimersByTime(1000)
  expect(emitted).toEqual(['Password: '])
})

test('a line without an end does not grow for ever', () => {
  expect(written('x'.repeat(20_000)).emitted).toEqual(['x'.repeat(20_000)])
})
