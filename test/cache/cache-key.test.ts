import { expect, test } from 'vitest'
import { cacheKey, type KeyPart } from '../../lib/cache/cache-key.ts'

const part = (label: string, value: string): KeyPart => ({ label, value })

test('a key is a fixed function of step and parts', () => {
  const key = cacheKey('copy', [part('a', 'b')])
  expect(key).toBe(cacheKey('copy', [part('a', 'b')]))
  // Changes only together with KEY_VERSION: everybody's cache is lost with it.
  expect(key).toBe('sha256:3ff40b3216aa7fa96fc1b5849c51963b391303f5e41c1120c2e025c6077d5269')
})

test.each<[readonly [string, readonly KeyPart[]], readonly [string, readonly KeyPart[]]]>([
  [
    ['a', []],
    ['b', []],
  ],
  [
    ['a', []],
    ['a', [part('', '')]],
  ],
  [
    ['a', [part('b', 'c')]],
    ['a', [part('bc', '')]],
  ],
  [
    ['a', [part('b', 'c')]],
    ['ab', [part('', 'c')]],
  ],
  [
    ['a', [part('b', 'c'), part('d', 'e')]],
    ['a', [part('d', 'e'), part('b', 'c')]],
  ],
  [
    ['a', [part('b', 'c'), part('d', 'e')]],
    ['a', [part('b', 'c\0d'), part('', 'e')]],
  ],
  [
    ['a', [part('b', '\udc80')]],
    ['a', [part('b', '\udc81')]],
  ],
  [
    ['a', [part('b', '\udc80')]],
    ['a', [part('b', '\ufffd')]],
  ],
])('%j and %j have different keys', (one, other) => {
  expect(cacheKey(...one)).not.toBe(cacheKey(...other))
})
