import { expect, test } from 'vitest'
import { planWorkdir } from '../../../lib/executor/copy/plan-workdir.ts'
import { formatEntries, parseTree } from '../tree-text.ts'

const TARGET = 'd 700 3:3 home\nd 755 0:0 home/app\nl 777 0:0 srv -> home\nf 644 0:0 file'
const plan = (path: string, options: { owner?: { uid: number; gid: number }; timestamp?: number } = {}) =>
  formatEntries(planWorkdir(path, parseTree(TARGET), { owner: options.owner, now: 500, timestamp: options.timestamp }))

test.each([
  ['/new/deep', 'd 755 0:0 new @500\nd 755 0:0 new/deep @500'],
  ['/home/web', 'd 700 3:3 home\nd 755 0:0 home/web @500'],
  ['/srv/web', 'd 700 3:3 home\nd 755 0:0 home/web @500'],
  ['/home/app', ''],
  ['/srv', ''],
  ['/', ''],
])('WORKDIR %s', (path, expected) => {
  expect(plan(path)).toBe(expected)
})

test('what is made belongs to the user, what is there does not change hands', () => {
  expect(plan('/home/a/b', { owner: { uid: 1, gid: 2 } })).toBe(
    'd 700 3:3 home\nd 755 1:2 home/a @500\nd 755 1:2 home/a/b @500',
  )
})

test('one time for everything', () => {
  expect(plan('/home/a', { timestamp: 7 })).toBe('d 700 3:3 home @7\nd 755 0:0 home/a @7')
})

test('a file in the way is an error', () => {
  expect(() => plan('/file/x')).toThrow(expect.objectContaining({ code: 'COPY_DESTINATION' }))
  expect(() => plan('/file')).toThrow(expect.objectContaining({ code: 'COPY_DESTINATION' }))
})
