import { expect, test } from 'vitest'
import { parseContextUrl } from '../../lib/context/parse-context-url.ts'

test.each([
  ['https://example.org/a.tar.gz', 'http'],
  ['http://example.org/', 'http'],
  ['https://example.org/a.git#main', 'git'],
  ['git@example.org:a', 'git'],
  ['github.com/a/b', 'git'],
  ['ssh://example.org/a', 'git'],
  ['lib', undefined],
  ['nowhere/at/all', undefined],
  ['C:\\app', undefined],
])('%s is a context of the kind %s', (name, kind) => {
  expect(parseContextUrl(name)?.kind).toBe(kind)
})

test('a git URL that contradicts itself is refused', () => {
  expect(() => parseContextUrl('git@example.org:a?nope=1')).toThrow(
    expect.objectContaining({ code: 'CONTEXT_INVALID', message: expect.stringContaining('unexpected query "nope"') }),
  )
})
