import { expect, test } from 'vitest'
import { fitHistory } from '../../../lib/executor/assemble/history.ts'

const made = (name: string): { created_by: string } => ({ created_by: name })
const empty = (name: string): { created_by: string; empty_layer: true } => ({ created_by: name, empty_layer: true })

test.each([
  ['a history that fits stays as it is', [made('a'), empty('b'), made('c')], 2, [made('a'), empty('b'), made('c')]],
  ['one that tells of fewer layers stays, too', [made('a')], 2, [made('a')]],
  [
    'what comes after the last layer made none',
    [made('a'), empty('b'), made('c'), made('d')],
    1,
    [made('a'), empty('b'), empty('c'), empty('d')],
  ],
  ['an image without layers has made nothing', [made('a')], 0, [empty('a')]],
])('%s', (_, history, layers, expected) => {
  expect(fitHistory(history, layers)).toEqual(expected)
})
