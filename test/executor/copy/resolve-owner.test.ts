import { expect, test } from 'vitest'
import { namesAccount, resolveOwner } from '../../../lib/executor/copy/resolve-owner.ts'

const passwd = 'root:x:0:0:root:/root:/bin/sh\n\napp:x:1000:2000::/:\nbroken:x:many\n1234:x:1:1\n'
const group = '# groups\nroot:x:0:\nstaff:x:50:app,root\nbroken\n'
const NO_FILES = { passwd: undefined, group: undefined }

test.each([
  ['1', 1, 1],
  ['1:2', 1, 2],
  ['+1', 1, 1],
  ['0', 0, 0],
  ['app', 1000, 2000],
  ['app:staff', 1000, 50],
  ['app:7', 1000, 7],
  ['7:staff', 7, 50],
  ['root', 0, 0],
  ['1234', 1234, 1234],
  ['nobody', 0, 0],
  ['app:nobody', 1000, 2000],
  ['5:nobody', 5, 5],
  ['nobody:staff', 0, 50],
  ['broken', 0, 0],
  ['app:', 1000, 0],
  [':staff', 0, 50],
  [':', 0, 0],
])('%s', (spec, uid, gid) => {
  expect(resolveOwner(spec, { passwd, group })).toEqual({ uid, gid })
})

test('without files a name is nobody known, and numbers are themselves', () => {
  expect(resolveOwner('app:staff', NO_FILES)).toEqual({ uid: 0, gid: 0 })
  expect(resolveOwner('3:4', NO_FILES)).toEqual({ uid: 3, gid: 4 })
})

test.each(['2147483648', '-1', '1:99999999999'])('%s is out of range', (spec) => {
  expect(() => resolveOwner(spec, { passwd, group })).toThrow(expect.objectContaining({ code: 'CHOWN_INVALID' }))
})

test.each([
  ['', false],
  ['root', false],
  ['1', false],
  ['-1', false],
  ['+1:2', false],
  ['1:', false],
  [':root', false],
  ['app', true],
  ['1:app', true],
  ['1x', true],
])('%j names an account: %j', (spec, expected) => {
  expect(namesAccount(spec)).toBe(expected)
})
