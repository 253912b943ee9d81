import { expect, test } from 'vitest'
import { createOutputTail } from '../../../lib/executor/worker/output-tail.ts'

test('the tail keeps the last lines, as a terminal would show them', () => {
  const tail = createOutputTail()
  for (let line = 0; line < 100; line++) tail.add(`line ${line}\n`)
  tail.add('10%\r50%\r100%\n\u001b[31mred\u001b[0m\n')
  tail.add('unfinished')
  expect(tail.lines().slice(-4)).toEqual(['line 99', '100%', 'red', 'unfinished'])
  expect(tail.lines()).toHaveLength(12)
})
