import { expect, test } from 'vitest'
import { isOwnerRefusal } from '../../../../lib/executor/worker/owners/owner-refusal.ts'

const [assumed, disk, helper] = [{ kind: 'assumed' }, { kind: 'native' }, { kind: 'helper' }] as const

test.each([
  'chown: /d: Invalid argument',
  'some lines before\nchgrp: changing group of /d: Operation not permitted',
  "su: can't set groups: Operation not permitted",
  'tar: x: Cannot change ownership to uid 1000, gid 1000: Invalid argument',
  "cp: failed to preserve ownership for 'b': Operation not permitted",
  'adduser: /home/app: Invalid argument',
  'setpriv: setresuid failed: Invalid argument',
])('a program says that it was refused an owner: %s', (text) => {
  expect(isOwnerRefusal(text, assumed, { mapping: 'single' })).toBe(true)
  expect(isOwnerRefusal(text, disk, { mapping: 'root' })).toBe(false)
  expect(isOwnerRefusal(text, helper, { mapping: 'single' })).toBe(false)
  expect(isOwnerRefusal(text, assumed, { mapping: 'none' })).toBe(false)
})

test.each(['rm: /d: Operation not permitted', 'sleep: Invalid argument', 'chown: /d: No such file or directory'])(
  'a program says nothing of owners: %s',
  (text) => expect(isOwnerRefusal(text, assumed, { mapping: 'single' })).toBe(false),
)
