import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesToPath, pathToBytes, toFsPath } from '../../../lib/layers/paths/path-bytes.ts'

test.each([
  ['plain/name.txt', 'plain/name.txt'],
  ['ünï/日本/😀', 'ünï/日本/😀'],
  ['\ufeffmark', '\ufeffmark'],
])('well-formed UTF-8 is what it says: %j', (text, path) => {
  expect(bytesToPath(Buffer.from(text))).toBe(path)
  expect(pathToBytes(path)).toEqual(Buffer.from(text))
  expect(toFsPath(path)).toBe(path)
})

test.each([
  ['a lone byte', [0x61, 0xff, 0x62], 'a\udcffb'],
  ['an overlong slash', [0xc0, 0xaf], '\udcc0\udcaf'],
  ['a surrogate in UTF-8', [0xed, 0xa0, 0x80], '\udced\udca0\udc80'],
  ['a sequence that is cut off', [0xf0, 0x9f, 0x98], '\udcf0\udc9f\udc98'],
  ['above U+10FFFF', [0xf4, 0x90, 0x80, 0x80], '\udcf4\udc90\udc80\udc80'],
  ['beside a pair', [0xf0, 0x9f, 0x98, 0x80, 0x80], '😀\udc80'],
])('bytes that are not UTF-8 survive: %s', (_, bytes, path) => {
  expect(bytesToPath(Buffer.from(bytes))).toBe(path)
  expect(pathToBytes(path)).toEqual(Buffer.from(bytes))
  expect(toFsPath(path)).toEqual(Buffer.from(bytes))
})

test('any bytes survive the way there and back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(pathToBytes(bytesToPath(bytes))).toEqual(Buffer.from(bytes))
    }),
  )
})

test('surrogates that no bytes give become U+FFFD instead of an error', () => {
  expect(pathToBytes('a\ud800b')).toEqual(Buffer.from('a\ufffdb'))
})
