import { expect, test } from 'vitest'
import { reachableStages } from '../../lib/graph/order-stages.ts'

const nowhere = () => undefined
const graph = (...lists: readonly number[][]) => lists.map((list) => new Set(list))

test('only what the target needs is reachable, in ascending order', () => {
  expect(reachableStages(graph([], [], [0], [2, 0]), 3, String, nowhere)).toEqual([0, 2, 3])
})

test('a diamond is visited once', () => {
  expect(reachableStages(graph([], [0], [0], [1, 2]), 3, String, nowhere)).toEqual([0, 1, 2, 3])
})

test.each([
  ['a stage that needs itself', graph([0]), 0, 'a → a'],
  ['two stages that need each other', graph([1], [0]), 1, 'b → a → b'],
  ['a cycle further down', graph([], [2], [1], [0, 2]), 3, 'c → b → c'],
])('%s is an error that shows the cycle', (_, dependencies, target, cycle) => {
  expect(() => reachableStages(dependencies, target, (index) => 'abcd'[index] ?? '', nowhere)).toThrow(
    expect.objectContaining({ code: 'STAGE_CYCLE', message: expect.stringContaining(cycle) }),
  )
})

test('a chain of 100,000 stages does not overflow the stack', () => {
  const chain = Array.from({ length: 100_000 }, (_, index) => new Set(index === 0 ? [] : [index - 1]))
  expect(reachableStages(chain, chain.length - 1, String, nowhere)).toHaveLength(chain.length)
})
