import { expect, test } from 'vitest'
import { jsonBytes, parseJson, sortedMap } from '../../lib/oci/json.ts'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

test('characters that HTML minds are escaped as Go does', () => {
  expect(text(jsonBytes({ 'a&b': '<\u2028\u2029>', plain: 'ü "\\\n' }))).toBe(
    '{"a\\u0026b":"\\u003c\\u2028\\u2029\\u003e","plain":"ü \\"\\\\\\n"}',
  )
})

test('indentation is that of json.MarshalIndent', () => {
  const value = { a: [], b: {}, c: [1, { d: null }], e: undefined, f: true }
  expect(text(jsonBytes(value, 2))).toBe(JSON.stringify(value, undefined, 2))
  expect(text(jsonBytes(value))).toBe(JSON.stringify(value))
})

test('maps are sorted by bytes, even keys that look like numbers', () => {
  const map = sortedMap({ b: 1, '2': 2, '10': 3, '-': 4, __proto__x: 5, '\u{1f600}': 6, '\uffee': 7 })
  expect([...(map ?? [])].map(([key]) => key)).toEqual(['-', '10', '2', '__proto__x', 'b', '\uffee', '\u{1f600}'])
  expect(sortedMap({})).toBeUndefined()
})

test.each(['', '{', '\xff', '{"a":1}x'])('%j is not JSON', (source) => {
  expect(() => parseJson(Buffer.from(source, 'latin1'), 'MANIFEST_INVALID', 'it')).toThrow(
    expect.objectContaining({ code: 'MANIFEST_INVALID' }),
  )
})
