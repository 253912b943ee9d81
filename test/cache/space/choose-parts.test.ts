import { expect, test } from 'vitest'
import { chooseParts, type PartChoice } from '../../../lib/cache/space/choose-parts.ts'
import type { StoredPart } from '../../../lib/cache/space/usage-record.ts'

const NOW = Date.parse('2026-01-10T00:00:00.000Z')

const part = (id: string, days: number, more: Partial<StoredPart> = {}): StoredPart => ({
  id,
  type: 'regular',
  description: '',
  size: 100,
  lastUsed: new Date(NOW - days * 86_400_000).toISOString(),
  inUse: false,
  shared: false,
  reclaimable: true,
  leased: [],
  notes: [],
  records: [],
  ...more,
})

/** The cache is of 500 bytes: all but `named` and `shared`. */
const PARTS: readonly StoredPart[] = [
  part('named', 9, { type: 'image', names: ['app'], reclaimable: false }),
  part('shared', 8, { shared: true }),
  part('internal', 7, { type: 'internal' }),
  part('oldest', 6),
  part('used', 5, { inUse: true, reclaimable: false }),
  part('old', 4, { type: 'exec.cachemount' }),
  part('new', 1),
]

test.each<readonly [string, PartChoice, number, readonly string[]]>([
  ['everything but what images and builds need', {}, 0, ['oldest', 'old', 'new']],
  ['with all, what images can do without', { all: true }, 0, ['shared', 'internal', 'oldest', 'old', 'new']],
  ['what is old enough', { unusedFor: 3 * 86_400_000 }, 0, ['oldest', 'old']],
  ['what a filter takes', { filter: ({ type }) => type === 'exec.cachemount' }, 0, ['old']],
  ['the least recently used until the cache is small enough', { maxUsedSpace: 350 }, 0, ['oldest', 'old']],
  ['nothing of a small cache', { maxUsedSpace: 500 }, 0, []],
  ['what is missing of the free space', { minFreeSpace: 1000 }, 950, ['oldest']],
  ['nothing where the disk has enough free space', { minFreeSpace: 1000 }, 1000, []],
  ['no more than leaves what is reserved', { minFreeSpace: 1000, reservedSpace: 400 }, 0, ['oldest']],
  ['all but what is reserved', { reservedSpace: 300 }, 0, ['oldest', 'old']],
  ['by the stricter of two targets', { maxUsedSpace: 400, minFreeSpace: 1000 }, 800, ['oldest', 'old']],
  ['all that can go for a target out of reach', { minFreeSpace: 1e9 }, 0, ['oldest', 'old', 'new']],
])('takes %s', (_, choice, freeSpace, ids) => {
  expect(chooseParts(PARTS, choice, { freeSpace, now: NOW }).map(({ id }) => id)).toEqual(ids)
})
