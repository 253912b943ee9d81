import { expect, test } from 'vitest'
import { createLimitedLog } from '../../../lib/executor/worker/log-limit.ts'

const clock = (): { now: () => number; pass: (milliseconds: number) => void } => {
  let time = 5000
  return {
    now: () => time,
    pass: (milliseconds) => {
      time += milliseconds
    },
  }
}

test('without limits all is shown', () => {
  const log = createLimitedLog({ bytes: undefined, bytesPerSecond: undefined })
  expect(log.add('x'.repeat(10_000_000))).toHaveLength(10_000_000)
  expect(log.clippedEnd()).toBe('')
})

test('a stream is clipped at its size, says so once, and its end is kept', () => {
  const log = createLimitedLog({ bytes: 8, bytesPerSecond: undefined })
  expect(log.add('12345\n')).toBe('12345\n')
  expect(log.add('6789\n')).toBe('67\n[output clipped, log limit 8B reached]\n')
  expect(log.add('more\n')).toBe('')
  expect(log.add('last\n')).toBe('')
  expect(log.clippedEnd()).toBe('89\nmore\nlast\n')
})

test('a stream is clipped at its speed, and shown again when it has become slower', () => {
  const { now, pass } = clock()
  const log = createLimitedLog({ bytes: 1000, bytesPerSecond: 10 }, now)
  pass(1)
  expect(log.add('123456789\n')).toBe('123456789\n')
  expect(log.add('abc\n')).toBe('\n[output clipped, log limit 10B/s reached]\n')
  pass(1000)
  expect(log.add('def\n')).toBe('def\n')
  expect(log.clippedEnd()).toBe('')
  expect(log.add('ghi\n')).toBe('gh\n[output clipped, log limit 10B/s reached]\n')
  expect(log.clippedEnd()).toBe('i\n')
})

test.each([
  [2 * 1024 * 1024, '2MiB'],
  [200 * 1024, '200KiB'],
  [1536, '1.5KiB'],
  [0, '0B'],
])('%d bytes are written as BuildKit writes them: %s', (bytes, text) => {
  const log = createLimitedLog({ bytes, bytesPerSecond: undefined })
  expect(log.add('x'.repeat(bytes + 1)).slice(bytes)).toBe(`\n[output clipped, log limit ${text} reached]\n`)
})

test('no character is cut in two', () => {
  const log = createLimitedLog({ bytes: 4, bytesPerSecond: undefined })
  expect(log.add('ääää')).toBe('ää\n[output clipped, log limit 4B reached]\n')
  const odd = createLimitedLog({ bytes: 5, bytesPerSecond: undefined })
  expect(odd.add('ääää')).toBe('ää\n[output clipped, log limit 5B reached]\n')
  expect(odd.clippedEnd()).toBe('ää')
})

test('of the clipped end no more than 256 KiB are kept', () => {
  const log = createLimitedLog({ bytes: 0, bytesPerSecond: undefined })
  for (let i = 0; i < 100; i++) log.add('ä'.repeat(10_000))
  log.add('the end')
  const end = log.clippedEnd()
  expect(end).toMatch(/^ä+the end$/)
  expect(Buffer.byteLength(end)).toBeOneOf([256 * 1024, 256 * 1024 - 1])
})
