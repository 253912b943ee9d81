import { expect, test } from 'vitest'
import { resolveUser } from '../../../lib/executor/worker/resolve-user.ts'

const passwd = `root:x:0:0:root:/root:/bin/sh
app:x:1000:1001::/home/app:/bin/sh
odd:x:7:8::
web:x:33:33:www:/var/www:/bin/false
`
const group = `root:x:0:
app:x:1001:
docker:x:999:app,web
video:x:44:app
`

const NO_FILES = { passwd: undefined, group: undefined }

test.each([
  ['', { uid: 0, gid: 0, groups: [0], home: '/root' }],
  ['root', { uid: 0, gid: 0, groups: [0], home: '/root' }],
  ['app', { uid: 1000, gid: 1001, groups: [1001, 999, 44], home: '/home/app' }],
  ['1000', { uid: 1000, gid: 1001, groups: [1001, 999, 44], home: '/home/app' }],
  ['1000:44', { uid: 1000, gid: 44, groups: [44], home: '/home/app' }],
  ['app:video', { uid: 1000, gid: 44, groups: [44], home: '/home/app' }],
  ['app:7777', { uid: 1000, gid: 7777, groups: [7777], home: '/home/app' }],
  ['4242', { uid: 4242, gid: 0, groups: [0], home: '/' }],
  ['4242:4243', { uid: 4242, gid: 4243, groups: [4243], home: '/' }],
  ['odd', { uid: 7, gid: 8, groups: [8], home: '/' }],
])('USER %j', (spec, expected) => {
  expect(resolveUser(spec, { passwd, group })).toEqual(expected)
})

test('without files only numbers and root are known', () => {
  expect(resolveUser('', NO_FILES)).toEqual({ uid: 0, gid: 0, groups: [0], home: '/' })
  expect(resolveUser('12', NO_FILES)).toEqual({ uid: 12, gid: 0, groups: [0], home: '/' })
})

test.each([
  ['nobody-here', /unable to find user "nobody-here"/],
  ['app:nogroup', /unable to find group "nogroup"/],
  ['2147483648', /ids go from 0/],
  ['-1', /ids go from 0/],
])('USER %j is refused', (spec, message) => {
  expect(() => resolveUser(spec, { passwd, group })).toThrow(
    expect.objectContaining({ code: 'RUN_USER_UNKNOWN', message: expect.stringMatching(message) }),
  )
})
