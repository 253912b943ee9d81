import { expect, test } from 'vitest'
import {
  isWhiteoutName,
  isWhiteoutPath,
  parseWhiteout,
  SCRATCH_NAME,
  whiteoutEntry,
} from '../../lib/layers/whiteout.ts'

test.each([
  ['.wh.a', { kind: 'name', name: 'a' }],
  ['.wh..wh', { kind: 'name', name: '.wh' }],
  ['.wh.\udcff', { kind: 'name', name: '\udcff' }],
  ['.wh..wh..opq', { kind: 'opaque' }],
  ['.wh.', { kind: 'nothing' }],
  ['.wh..wh.opq', { kind: 'nothing' }],
  ['.wh..wh.plnk', { kind: 'nothing' }],
  [SCRATCH_NAME, { kind: 'nothing' }],
  ['a', undefined],
  ['.wha', undefined],
  ['a.wh.b', undefined],
  ['', undefined],
])('the name %j is the whiteout %j', (name, expected) => {
  expect(parseWhiteout(name)).toEqual(expected)
  expect(isWhiteoutName(name)).toBe(expected !== undefined)
  expect(isWhiteoutPath(`a/b/${name}`)).toBe(expected !== undefined)
})

test('a directory with the name of a whiteout makes no whiteouts of what is in it', () => {
  expect(isWhiteoutPath('.wh.a/b')).toBe(false)
})

test('the entry that hides a name is read as the whiteout of that name', () => {
  expect(parseWhiteout(whiteoutEntry('', 'a').path)).toEqual({ kind: 'name', name: 'a' })
  expect(whiteoutEntry('d/e', 'a')).toEqual({
    path: 'd/e/.wh.a',
    type: 'file',
    mode: 0,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: 0,
  })
})
