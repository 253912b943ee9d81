import { expect, test } from 'vitest'
import { encodeIndex, fingerprints, parseIndex } from '../../lib/external-cache/index-format.ts'
import { cacheIndex } from './cache-index.ts'

const index = cacheIndex({ a: 1, b: 2 })
const json = JSON.parse(Buffer.from(encodeIndex(index)).toString())
const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

test('comes back as it was written, whatever its order', () => {
  const sorted = parseIndex(encodeIndex(index), 'it')
  expect(sorted.records).toHaveLength(2)
  expect(new Set(sorted.records)).toEqual(new Set(index.records))
  expect(new Set(sorted.layers)).toEqual(new Set(index.layers))
  const reversed = { ...index, records: index.records.toReversed(), layers: index.layers.toReversed() }
  expect(Buffer.compare(encodeIndex(reversed), encodeIndex(index))).toBe(0)
})

test.each([
  ['of another format', { ...json, version: 2 }],
  ['of other keys', { ...json, keyVersion: 1 }],
])('an index %s is empty', (_, value) => {
  expect(parseIndex(bytesOf(value), 'it').records).toEqual([])
})

test('a record without its layer is left out', () => {
  expect(parseIndex(bytesOf({ ...json, layers: json.layers.slice(0, 1) }), 'it').records).toHaveLength(1)
})

const record = json.records[0]
const layer = json.layers[0]
test.each([
  ['text', 'no json'],
  ['a list', []],
  ['no records', { ...json, records: undefined }],
  ['a record that is a text', { ...json, records: ['a'] }],
  ['a key that is no digest', { ...json, records: [{ ...record, key: '../../etc' }] }],
  ['a result without a layer', { ...json, records: [{ ...record, result: {} }] }],
  ['a time with a zone', { ...json, records: [{ ...record, used: '2026-01-01T00:00:00+02:00' }] }],
  ['a time that is a number', { ...json, builds: [1] }],
  ['parts that are no list', { ...json, records: [{ ...record, parts: 'x' }] }],
  ['an unknown compression', { ...json, layers: [{ ...layer, algorithm: 'lzma' }] }],
  ['a layer without a digest', { ...json, layers: [{ ...layer, descriptor: { size: 1 } }] }],
  ['a layer of negative size', { ...json, layers: [{ ...layer, descriptor: { ...layer.descriptor, size: -1 } }] }],
])('%s is refused', (_, value) => {
  expect(() => parseIndex(bytesOf(value), 'the cache "x"')).toThrow(
    expect.objectContaining({ code: 'CACHE_INVALID', message: expect.stringContaining('the cache "x"') }),
  )
})

test('an index that is too large is refused', () => {
  const large = Buffer.alloc((16 << 20) + 1, ' ')
  expect(() => parseIndex(large, 'it')).toThrow(expect.objectContaining({ code: 'CACHE_INVALID' }))
})

test('a fingerprint does not show the value, and stays what it is', () => {
  const once = fingerprints([{ label: 'environment', value: 'TOKEN=hunter2' }])
  expect(JSON.stringify(once)).not.toContain('hunter2')
  expect(fingerprints(once)).toEqual(once)
})
