import { expect, test } from 'vitest'
import { shortDigest, shortName } from '../../../lib/cli/terminal/short-names.ts'
import { tableLines } from '../../../lib/cli/terminal/table.ts'

test('columns are as wide as what is in them', () => {
  const rows = [
    ['app:1', '12 MB'],
    ['日本', ''],
  ]
  expect(tableLines(['NAME', 'SIZE'], rows, { color: false })).toEqual(['NAME   SIZE', 'app:1  12 MB', '日本'])
})

test('an empty table has a header', () => {
  expect(tableLines(['NAME', 'SIZE'], [], { color: false })).toEqual(['NAME  SIZE'])
})

test.each([
  ['docker.io/library/app:1', 'app:1'],
  ['docker.io/me/app:1', 'me/app:1'],
  ['ghcr.io/me/app:1', 'ghcr.io/me/app:1'],
])('%s is called %s', (name, short) => {
  expect(shortName(name)).toBe(short)
})

test('digests are cut to twelve digits', () => {
  expect(shortDigest(`sha256:${'ab'.repeat(32)}`)).toBe('abababababab')
})
