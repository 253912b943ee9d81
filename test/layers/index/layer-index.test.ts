import { expect, test } from 'vitest'
import type { LayerEntry, LayerIndex } from '../../../lib/layers/entry.ts'
import { decodeLayerIndex, encodeLayerIndex } from '../../../lib/layers/index/layer-index.ts'
import { plainEntry } from '../support/entries.ts'

const base = { mode: 0o644, uid: 0, gid: 0, mtime: 1.5, size: 0, offset: 512 } as const
const entries: readonly LayerEntry[] = [
  { ...base, path: '', type: 'directory', mode: 0o7777 },
  {
    ...base,
    path: 'a',
    type: 'file',
    size: 2 ** 40,
    offset: 2 ** 41,
    uid: 0xffffffff,
    gid: 1,
    sha256: 'ab'.repeat(32),
  },
  { ...base, path: 'b\udcff\n', type: 'file' },
  { ...base, path: 'c', type: 'symlink', linkname: '' },
  { ...base, path: 'd', type: 'hardlink', linkname: 'ü/\udc80', mtime: -3 },
  { ...base, path: 'e', type: 'character', devMajor: 1, devMinor: 3 },
  { ...base, path: 'f', type: 'block', devMajor: 0, devMinor: 0 },
  { ...base, path: 'g', type: 'fifo' },
  {
    ...base,
    path: 'h',
    type: 'file',
    sha256: '01'.repeat(32),
    xattrs: Object.fromEntries([['__proto__', Buffer.of(0, 255)]]),
  },
]
const index: LayerIndex = { entries, size: 2 ** 42 }
const encoded = (of: LayerIndex): Buffer => Buffer.concat(encodeLayerIndex(of))

test('an index survives encoding and decoding', () => {
  const decoded = decodeLayerIndex(encoded(index))
  expect(decoded?.size).toBe(index.size)
  expect(decoded?.entries.map(full)).toEqual(entries.map(full))
  expect(decodeLayerIndex(encoded({ entries: [], size: 0 }))).toEqual({ entries: [], size: 0 })
})

test('damage of any byte is noticed', () => {
  const bytes = encoded(index)
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] as number) ^ 0x40
    expect(decodeLayerIndex(damaged)).toBeUndefined()
  }
})

test('an index that is cut off anywhere is noticed', () => {
  const bytes = encoded(index)
  for (let length = 0; length < bytes.length; length++)
    expect(decodeLayerIndex(bytes.subarray(0, length))).toBeUndefined()
})

function full(entry: LayerEntry): unknown {
  return { ...plainEntry(entry), offset: entry.offset, sha256: entry.sha256 }
}
