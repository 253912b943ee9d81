import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { entriesOf, hasKey, type SharedMap, valueIn, withValue } from '../../lib/base/shared-map.ts'

const mapOf = (pairs: readonly (readonly [string, number])[]): SharedMap<number> =>
  pairs.reduce<SharedMap<number>>((map, [key, value]) => withValue(map, key, value), undefined)

describe('a shared map', () => {
  test('says what a Map says, in its order, and stays as it was when another is made of it', () => {
    const pairs = fc.array(fc.tuple(fc.oneof(fc.string({ maxLength: 2 }), fc.constant('__proto__')), fc.nat(3)))
    fc.assert(
      fc.property(pairs, pairs, (first, second) => {
        const before = mapOf(first)
        const after = second.reduce<SharedMap<number>>((map, [key, value]) => withValue(map, key, value), before)
        expect(entriesOf(before)).toEqual([...new Map(first)])
        expect(entriesOf(after)).toEqual([...new Map([...first, ...second])])
        for (const [key, value] of new Map([...first, ...second]))
          expect([hasKey(after, key), valueIn(after, key)]).toEqual([true, value])
        expect(valueIn(after, 'not there')).toBeUndefined()
        expect(hasKey(after, 'not there')).toBe(false)
      }),
    )
  })

  test('is itself when nothing changes', () => {
    const map = mapOf([
      ['a', 1],
      ['b', 2],
    ])
    expect(withValue(map, 'b', 2)).toBe(map)
  })

  test.each(['ascending', 'descending', 'mixed'])('of keys in %s order copies a path, not the map', (order) => {
    const size = 4096
    const key = (n: number): string =>
      String(order === 'mixed' ? (n * 2654435761) % 2 ** 32 : order === 'ascending' ? n : size - n).padStart(10, '0')
    const map = mapOf(Array.from({ length: size }, (_, n) => [key(n), n] as const))
    const nodes = nodesOf(map)
    expect(nodes.size).toBe(size)
    const copied = [...nodesOf(withValue(map, key(size), 0))].filter((node) => !nodes.has(node))
    // Twice the logarithm, which is 12, and a rotation.
    expect(copied.length).toBeLessThan(27)
  })
})

function nodesOf(map: SharedMap<number>): ReadonlySet<object> {
  const nodes = new Set<object>()
  const work = [map]
  while (work.length > 0) {
    const node = work.pop()
    if (!node) continue
    nodes.add(node)
    work.push(node.left, node.right)
  }
  return nodes
}
