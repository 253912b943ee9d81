import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { NameTable } from '../../../lib/layers/union/name-table.ts'
import { createUnionView, extendUnionView, type UnionLayer } from '../../../lib/layers/union/union-view.ts'
import type { DiffID } from '../../../lib/oci/types.ts'

afterEach(() => void vi.restoreAllMocks())

describe('a table of names', () => {
  test('and its forks say what Maps and their copies say', () => {
    const name = fc.constantFrom(...'abcdefgh')
    const change = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('set'), name, value: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), name, value: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('fork'), name, value: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear'), name, value: fc.nat() }) },
    )
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        let table = new NameTable<number>()
        let map = new Map<string, number>()
        const versions = [{ table, map }]
        for (const { kind, name, value } of changes) {
          if (kind === 'set') [table, map].forEach((one) => void one.set(name, value))
          else if (kind === 'delete') [table, map].forEach((one) => void one.delete(name))
          else if (kind === 'clear') [table, map].forEach((one) => void one.clear())
          else {
            // From the last version or from an earlier one: what is frozen can be forked again.
            const from = versions[value % versions.length] ?? { table, map }
            table = from.table.fork()
            map = new Map(from.map)
            versions.push({ table, map })
          }
        }
        for (const version of versions) {
          expect(version.table.names().sort()).toEqual([...version.map.keys()].sort())
          for (const name of 'abcdefghi') expect(version.table.get(name)).toBe(version.map.get(name))
        }
      }),
    )
  })
})

describe('views of a stack', () => {
  const layer = (n: number, names: readonly string[]): UnionLayer => ({
    diffID: `sha256:${String(n).padStart(64, '0')}` as DiffID,
    plainPath: `/${n}`,
    index: {
      size: 0,
      entries: names.map((name) => ({
        path: `d/${name}`,
        type: 'file',
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: 0,
        size: 0,
        offset: 0,
      })),
    },
  })

  test.each([100, 200])('over a directory of 10,000 names copy few of them for each of %i layers', (count) => {
    const base = layer(
      0,
      Array.from({ length: 10_000 }, (_, n) => `base-${n}`),
    )
    const views = [createUnionView([base])]
    const set = vi.spyOn(Map.prototype, 'set')
    for (let n = 1; n <= count; n++) {
      views.push(extendUnionView(views.at(-1) as (typeof views)[0], layer(n, [`new-${n}`])))
    }
    const copied = set.mock.calls.length
    vi.restoreAllMocks()
    expect(copied).toBeGreaterThan(count)
    // A name is merged into a table twice as large each time: some ten times for hundreds of layers.
    expect(copied).toBeLessThan(count * 20)
    expect(views[count]?.list('d')).toHaveLength(10_000 + count)
    expect(views[1]?.list('d')).toHaveLength(10_001)
    expect(views[1]?.lookup('d/new-2')).toBeUndefined()
  })
})
