import { expect, test } from 'vitest'
import { type Below, explainParts } from '../../../lib/executor/why/explain-parts.ts'

const parts = {
  command: '["make"]',
  environment: '["A=1","B=2"]',
  user: '',
  mounts: '["bind /src ro abc"]',
  timestamps: 'source',
  'layers below': 'sha256:1',
}
const list = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([label, value]) => ({ label, value }))

test.each<[string, Readonly<Record<string, string>>, string, Below?]>([
  ['a variable', { environment: '["A=1","B=3"]' }, 'B was "2", is "3"'],
  ['a new variable', { environment: '["A=1","B=2","C="]' }, 'C is set, to ""'],
  ['a variable less', { environment: '["B=2"]' }, 'A is not set any more'],
  ['a long value', { environment: `["A=1","B=${'x'.repeat(50)}"]` }, `B was "2", is "${'x'.repeat(40)}…"`],
  ['the user', { user: 'app' }, 'the user is "app" now'],
  ['a mount', { mounts: '["bind /src ro def"]' }, 'the bind mount at /src changed'],
  ['a mount less', { mounts: '[]' }, 'a mount is gone'],
  ['the time', { timestamps: '7' }, 'SOURCE_DATE_EPOCH was "source", is "7"'],
  ['the base', { 'layers below': 'sha256:2' }, 'the base image is another one than the last time', 'base'],
  ['a step before', { 'layers below': 'sha256:2' }, 'a step before it was built', 'built'],
  ['other layers', { 'layers below': 'sha256:2' }, 'the layers below are others than the last time', 'cached'],
  ['several', { user: 'a', environment: '["A=2","B=2"]' }, 'A was "1", is "2", and 1 other change'],
])('%s', (_, changed, reason, below = 'cached') => {
  const miss = explainParts(list({ ...parts, ...changed }), list(parts), below)
  expect(miss?.reason).toBe(reason)
})

test('nothing that differs is no reason, and neither is a part that no one noted', () => {
  expect(explainParts(list(parts), list(parts), 'cached')).toBeUndefined()
  expect(explainParts(list(parts), list({ command: parts.command }), 'built')).toBeUndefined()
})

test('several changes are told at length', () => {
  const miss = explainParts(list({ ...parts, user: 'a', environment: '["A=2"]' }), list(parts), 'cached')
  expect(miss?.details).toEqual(['A was "1", is "2"', 'B is not set any more', 'the user is "a" now'])
})
