import { expect, test } from 'vitest'
import { contentKey } from '../../lib/executor/content-key.ts'
import type { PlainEntry } from '../../lib/layers/entry-with.ts'
import { DigestColumn } from '../../lib/layers/index/digest-column.ts'

const file: PlainEntry = {
  path: 'a/b',
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 1,
  size: 3,
  sha256: 'ff'.repeat(32),
}
const key = (...entries: PlainEntry[]): string | undefined => contentKey(entries)

test('times do not matter', () => {
  expect(key({ ...file, mtime: 99 })).toBe(key(file))
})

test.each<Partial<PlainEntry>>([
  { path: 'a/c' },
  { type: 'directory' },
  { mode: 0o755 },
  { uid: 1 },
  { gid: 1 },
  { sha256: 'ee'.repeat(32) },
  { linkname: 'x' },
  { devMajor: 1 },
  { devMinor: 1 },
  { xattrs: { 'user.a': Buffer.from('1') } },
])('%j matters', (change) => {
  expect(key({ ...file, ...change })).not.toBe(key(file))
})

test('names with bytes that are no UTF-8 stay apart', () => {
  expect(key({ ...file, path: '\udc80' })).not.toBe(key({ ...file, path: '\udc81' }))
})

test('texts do not run into each other', () => {
  const at = (path: string, linkname?: string): PlainEntry => ({ ...file, path, type: 'symlink', linkname })
  const keys = [
    key(at('a', 'b')),
    key(at('ab', '')),
    key(at('ab')),
    key(at('a'), at('b')),
    key(at('\ud800')),
    key(at('\ufffd')),
    key(at('\0\xd8')),
  ]
  expect(new Set(keys).size).toBe(keys.length)
})

test('digests of a column go before those of entries', () => {
  const digests = new DigestColumn()
  digests.set(1, 'ee'.repeat(32))
  const { sha256: _, ...unknown } = file
  const other = { ...file, sha256: 'ee'.repeat(32) }
  expect(contentKey([file, unknown], digests)).toBe(key(file, other))
  expect(contentKey([file, file], digests)).toBe(key(file, other))
  expect(contentKey([unknown, file], digests)).toBeUndefined()
})

test('the order of attributes does not matter', () => {
  const one = { 'user.a': Buffer.from('1'), 'user.b': Buffer.from('2') }
  const two = { 'user.b': Buffer.from('2'), 'user.a': Buffer.from('1') }
  expect(key({ ...file, xattrs: one })).toBe(key({ ...file, xattrs: two }))
})

test('a file of unknown content has no key, whatever else is known', () => {
  const { sha256: _, ...unknown } = file
  expect(key(file, unknown)).toBeUndefined()
})

test('many entries are framed as well as few', () => {
  const many = Array.from({ length: 2000 }, (_, n) => ({ ...file, path: `f${n}` }))
  expect(key(...many)).not.toBe(key(...many.slice(0, -1)))
  expect(key(...many)).toBe(key(...many))
})
