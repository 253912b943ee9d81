import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type GitUrl, isHttpUrl, parseGitUrl, redactUrl } from '../../lib/base/git-url.ts'

const PLAIN: Omit<GitUrl, 'remote'> = {
  ref: undefined,
  subdir: undefined,
  checksum: undefined,
  keepGitDir: undefined,
  submodules: undefined,
  mtime: undefined,
  fetchByCommit: false,
  pathLike: false,
}

describe('a git URL says where the repository is and what of it is meant', () => {
  test.each<[text: string, remote: string, rest: Partial<GitUrl>]>([
    ['https://example.org/team/app.git', 'https://example.org/team/app.git', {}],
    ['http://example.org/app.git', 'http://example.org/app.git', {}],
    ['HTTPS://example.org/app.git', 'https://example.org/app.git', {}],
    ['https://user:word@example.org/app.git', 'https://user:word@example.org/app.git', {}],
    ['https://example.org:8443/app.git#main', 'https://example.org:8443/app.git', { ref: 'main' }],
    ['https://example.org/app.git#release/2', 'https://example.org/app.git', { ref: 'release/2' }],
    ['https://example.org/app.git#main:web', 'https://example.org/app.git', { ref: 'main', subdir: 'web' }],
    ['https://example.org/app.git#:web/../api/./v1', 'https://example.org/app.git', { subdir: 'api/v1' }],
    ['https://example.org/app.git#:../../etc', 'https://example.org/app.git', { subdir: 'etc' }],
    ['https://example.org/app.git#a%2Fb', 'https://example.org/app.git', { ref: 'a/b' }],
    ['git://example.org/app', 'git://example.org/app', {}],
    ['git://example.org/app#v1', 'git://example.org/app', { ref: 'v1' }],
    ['ssh://git@example.org:2222/app', 'ssh://git@example.org:2222/app', {}],
    ['git@example.org:team/app', 'git@example.org:team/app', {}],
    ['deploy_1@example.org:app.git#v2:src', 'deploy_1@example.org:app.git', { ref: 'v2', subdir: 'src' }],
    ['git@example.org:app.git?tag=v2', 'git@example.org:app.git', { ref: 'refs/tags/v2' }],
    ['github.com/team/app', 'https://github.com/team/app', { pathLike: true }],
    ['github.com/team/app#main:web', 'https://github.com/team/app', { ref: 'main', subdir: 'web', pathLike: true }],
    ['https://example.org/app.git?ref=v1&subdir=/web/', 'https://example.org/app.git', { ref: 'v1', subdir: 'web' }],
    ['https://example.org/app.git?ref=v1#v1', 'https://example.org/app.git', { ref: 'v1' }],
    ['https://example.org/app.git?branch=dev', 'https://example.org/app.git', { ref: 'refs/heads/dev' }],
    ['https://example.org/app.git?branch=refs/heads/dev', 'https://example.org/app.git', { ref: 'refs/heads/dev' }],
    ['https://example.org/app.git?tag=v1%2B1', 'https://example.org/app.git', { ref: 'refs/tags/v1+1' }],
    ['https://example.org/app.git?commit=1234abcd', 'https://example.org/app.git', { checksum: '1234abcd' }],
    ['https://example.org/app.git?checksum=12#main', 'https://example.org/app.git', { checksum: '12', ref: 'main' }],
    ['https://example.org/app.git?keep-git-dir', 'https://example.org/app.git', { keepGitDir: true }],
    ['https://example.org/app.git?keep-git-dir=0', 'https://example.org/app.git', { keepGitDir: false }],
    ['https://example.org/app.git?submodules=false', 'https://example.org/app.git', { submodules: false }],
    ['https://example.org/app.git?mtime=commit', 'https://example.org/app.git', { mtime: 'commit' }],
    ['https://example.org/app.git?fetch-by-commit=T', 'https://example.org/app.git', { fetchByCommit: true }],
    // Go leaves out a value that it can't decode, and so do we.
    ['https://example.org/app.git?tag=%zz&branch=b', 'https://example.org/app.git', { ref: 'refs/heads/b' }],
  ])('%s', (text, remote, rest) => {
    expect(parseGitUrl(text)).toEqual({ kind: 'git', url: { ...PLAIN, remote, ...rest } })
  })
})

test.each([
  'https://example.org/',
  'https://example.org/app',
  'https://example.org/app.git/',
  'https://example.org/app.git.tar',
  'https://example.org/a.tar?x=.git',
  'https://example.org/app.git:#main',
  'https://github.com/team/app',
  'https://example.org/app.git#%zz',
  'https://example.org/a b.git',
  'ftp://example.org/app.git',
  'file:///srv/app.git',
  'ext::sh -c id',
  'example.org/team/app.git',
  'user@example.org',
  './git@example.org:x',
  '../x.git',
  '.git',
  '.',
  '',
])('%j is no git URL', (text) => {
  expect(parseGitUrl(text)).toBeUndefined()
})

test.each([
  ['https://example.org/app.git?ref=a#b', 'ref conflicts: "b" vs "a"'],
  ['https://example.org/app.git?ref=a&tag=a', 'ref conflicts: "a" vs "refs/tags/a"'],
  ['https://example.org/app.git?tag=a&branch=a', 'branch conflicts with tag'],
  ['https://example.org/app.git?subdir=a#:b', 'subdir conflicts: "b" vs "a"'],
  ['https://example.org/app.git?tag=a&tag=b', 'query "tag" has multiple values'],
  ['https://example.org/app.git?tag', 'query "tag" has no value'],
  ['https://example.org/app.git?depth=1', 'unexpected query "depth"'],
  ['https://example.org/app.git?submodules=maybe', 'invalid submodules value: "maybe"'],
  ['https://example.org/app.git?mtime=now', 'invalid mtime value: "now" (expected "checkout" or "commit")'],
  ['https://example.org/app.git#--upload-pack=id', '"--upload-pack=id" is no git ref: it starts with "-"'],
  ['git@example.org:app.git?ref=-f', '"-f" is no git ref: it starts with "-"'],
])('%s contradicts itself', (text, problem) => {
  expect(parseGitUrl(text)).toEqual({ kind: 'invalid', problem })
})

test('any text is read without failing', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.constantFrom('https://h/a.git', 'git://h', 'u@h:', 'github.com/', ''),
      (rest, start) => {
        const parsed = parseGitUrl(start + rest)
        if (parsed?.kind === 'git') expect(parsed.url.subdir ?? '').not.toMatch(/^\/|(?:^|\/)\.\.(?:\/|$)/)
      },
    ),
  )
})

test('http URLs are told from others', () => {
  expect(['http://a/b', 'https://a', 'git://a', 'a', 'httpx://a'].map(isHttpUrl)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

test('what people see of a URL has no credentials', () => {
  expect(redactUrl('https://me:word@example.org/a@b.git')).toBe('https://***@example.org/a@b.git')
  expect(redactUrl('https://token@example.org/')).toBe('https://***@example.org/')
  expect(redactUrl('https://example.org/a@b')).toBe('https://example.org/a@b')
  expect(redactUrl('git@example.org:a')).toBe('git@example.org:a')
  expect(redactUrl('ssh://git@example.org/a')).toBe('ssh://git@example.org/a')
  expect(redactUrl('ssh://git:word@example.org/a')).toBe('ssh://git:***@example.org/a')
})
