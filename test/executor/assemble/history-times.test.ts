import { expect, test } from 'vitest'
import { fillHistoryTimes } from '../../../lib/executor/assemble/history-times.ts'

const entries = (...times: (string | undefined)[]) => times.map((created) => (created === undefined ? {} : { created }))

test.each([
  ['nothing is known', [undefined, undefined], [undefined, undefined]],
  ['everything is known', ['a', 'b'], ['a', 'b']],
  ['metadata before the first layer takes that layer’s time', ['base', undefined, 'new'], ['base', 'new', 'new']],
  ['metadata after the last layer takes that layer’s time', ['base', 'new', undefined], ['base', 'new', 'new']],
  ['metadata alone takes the base’s time', ['base', undefined], ['base', 'base']],
  [
    'metadata between layers takes the time of the layer before',
    [undefined, 'one', undefined, 'two'],
    ['one', 'one', 'one', 'two'],
  ],
])('%s', (_, given, expected) => {
  expect(fillHistoryTimes(entries(...given))).toEqual(entries(...expected))
})
