import { expect, test } from 'vitest'
import { DigestColumn } from '../../../lib/layers/index/digest-column.ts'

const digest = (at: number): string => (at % 256).toString(16).padStart(2, '0').repeat(32)

test('digests are known by their places, set in any order, as hex or as bytes', () => {
  const column = new DigestColumn()
  const places = [700, 3, 0, 64, 699]
  for (const at of places) column.set(at, at % 2 === 0 ? digest(at) : Buffer.from(digest(at), 'hex'))
  for (const at of places) expect(column.hex(at)).toBe(digest(at))
  for (const at of [1, 2, 63, 65, 698, 701, 1e6]) {
    expect([column.has(at), column.hex(at), column.bytes(at)]).toEqual([false, undefined, undefined])
  }
  const known = column.known(800)
  expect(known.length).toBe(100)
  expect(Array.from({ length: 800 }, (_, at) => at).filter((at) => (known[at >> 3] ?? 0) & (1 << (at & 7)))).toEqual(
    places.toSorted((a, b) => a - b),
  )
})

test('one that is set again takes the place of the first, and is packed once', () => {
  const column = new DigestColumn()
  for (const at of [5, 2, 5]) column.set(at, digest(at))
  column.set(2, digest(9))
  expect(Buffer.from(column.packed(6)).toString('hex')).toBe(digest(9) + digest(5))
})

test.each(['', 'ab', digest(1).slice(1), new Uint8Array(31), new Uint8Array(64)])('%j is no digest', (text) => {
  expect(() => new DigestColumn().set(0, text)).toThrow('no sha256')
})
