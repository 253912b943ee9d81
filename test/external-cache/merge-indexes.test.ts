import { expect, test } from 'vitest'
import { isCovered, mergeIndexes } from '../../lib/external-cache/merge-indexes.ts'
import type { CacheIndex } from '../../lib/external-cache/types.ts'
import { cacheIndex, time } from './cache-index.ts'

const keys = ({ records }: CacheIndex): readonly string[] => records.map(({ step }) => step).sort()

test('has the records of both, each with its later time of use', () => {
  const merged = mergeIndexes(cacheIndex({ a: 1, b: 1 }), cacheIndex({ b: 2, c: 2 }), { keep: 10 })
  expect(merged.builds).toEqual([time(2), time(1)])
  expect(merged.records.map(({ step, used }) => [step, used]).sort()).toEqual([
    ['a', time(1)],
    ['b', time(2)],
    ['c', time(2)],
  ])
  expect(merged.layers).toHaveLength(3)
})

test('keeps what one of the last builds used', () => {
  let index = cacheIndex({ a: 1 })
  for (const at of [2, 3, 4]) index = mergeIndexes(index, cacheIndex({ [`b${at}`]: at }), { keep: 3 })
  expect(keys(index)).toEqual(['b2', 'b3', 'b4'])
  expect(index.layers).toHaveLength(3)
})

test('keeps what was used last, up to a size', () => {
  const held = cacheIndex({ a: 1, b: 2, c: 3 }, 40)
  expect(keys(mergeIndexes(held, cacheIndex({ d: 4 }, 40), { keep: 10, maxSize: 100 }))).toEqual(['c', 'd'])
  // A layer of two records counts once.
  const twice: CacheIndex = {
    ...held,
    records: [...held.records, ...held.records.map((r) => ({ ...r, step: `${r.step}2` }))],
  }
  expect(mergeIndexes(held, twice, { keep: 10, maxSize: 120 }).layers).toHaveLength(3)
})

test('has no more layers than a manifest may have', () => {
  const many = Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`s${at}`, at]))
  const merged = mergeIndexes(cacheIndex({}), cacheIndex(many), { keep: 1000 })
  expect(merged.layers).toHaveLength(500)
  expect(keys(merged)).toContain('s599')
})

test.each([
  ['has all of it', { a: 9 }, { a: 10 }, true],
  ['lacks a record', { a: 9 }, { a: 10, b: 10 }, false],
  ['would soon forget a record', { a: 1, b: 9 }, { a: 10 }, false],
])('a cache that %s: covered %s', (_, held, added, expected) => {
  const others = { ...cacheIndex(held), builds: [9, 8, 7, 6, 5, 4, 3, 2, 1].map(time) }
  expect(isCovered(others, cacheIndex(added), { keep: 10 })).toBe(expected)
})
