import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { type GitUrl, parseGitUrl } from '../../../lib/base/git-url.ts'
import { type Checkout, checkoutCommit } from '../../../lib/context/git/checkout-commit.ts'
import { inspectCommit } from '../../../lib/context/git/inspect-commit.ts'
import { type ResolvedCommit, resolveCommit } from '../../../lib/context/git/resolve-commit.ts'
import { runGit } from '../../../lib/context/git/run-git.ts'
import {
  COMMIT_TIME,
  type GitServer,
  makeRepository,
  startGitServer,
  type TestRepository,
} from '../../support/git-server.ts'
import { requires } from '../../support/requires.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const runs = requires('git')

function gitUrl(text: string): GitUrl {
  const parsed = parseGitUrl(text)
  if (parsed?.kind !== 'git') throw new Error(`${text} is no git URL`)
  return parsed.url
}

async function fetch(text: string, keepGitDir = false): Promise<Checkout & { readonly resolved: ResolvedCommit }> {
  const url = gitUrl(text)
  const scratch = temporaryDirectory()
  const resolved = await resolveCommit(url, { cwd: scratch })
  return { resolved, ...(await checkoutCommit(url, resolved, scratch, { keepGitDir })) }
}

const read = ({ directory }: Checkout, path: string): string => readFileSync(join(directory, path), 'utf8')
const names = ({ directory }: Checkout): string[] => readdirSync(directory).sort()

describe.skipIf(!runs)('a commit is checked out', () => {
  let server: GitServer
  let app: TestRepository
  let url = ''
  let first = ''
  let second = ''
  beforeEach(async () => {
    server = await startGitServer()
    app = makeRepository(join(server.root, 'app'))
    url = `${server.url}/app/.git`
    first = app.commit({ 'a.txt': 'one', 'web/index.html': '<p>', 'web/deep/x': 'x', link: { link: 'a.txt' } })
    app.git('tag', 'light')
    app.git('tag', '-a', 'heavy', '-m', 'an annotated tag')
    app.git('branch', 'old')
    second = app.commit({ 'a.txt': 'two', run: '#!/bin/sh\n' })
  })

  test('of the default branch, a branch, a tag, a full ref, and by its digits', async () => {
    expect(read(await fetch(url), 'a.txt')).toBe('two')
    for (const ref of ['old', 'light', 'heavy', 'refs/heads/old', 'refs/tags/heavy', 'heads/old', first]) {
      const checkout = await fetch(`${url}#${ref}`)
      expect([ref, read(checkout, 'a.txt'), checkout.resolved.commit]).toEqual([ref, 'one', first])
    }
    expect(read(await fetch(`${url}?branch=main`), 'a.txt')).toBe('two')
    expect(read(await fetch(`${url}?tag=light`), 'a.txt')).toBe('one')
  })

  test('with nothing but its files, and the time of the commit', async () => {
    const checkout = await fetch(url)
    expect(names(checkout)).toEqual(['a.txt', 'link', 'run', 'web'])
    expect(readlinkSync(join(checkout.directory, 'link'))).toBe('a.txt')
    expect(checkout.committed).toBe(COMMIT_TIME)
  })

  test('one deep, of the ref that is meant', async () => {
    const { directory } = await fetch(url)
    const log = execFileSync('git', ['--git-dir', join(directory, '../git'), 'log', '--all', '--format=%H'])
    expect(log.toString().trim()).toBe(second)
  })

  test('or only a subdirectory of it', async () => {
    expect(names(await fetch(`${url}#main:web`))).toEqual(['deep', 'index.html'])
    expect(names(await fetch(`${url}?subdir=/web/deep`))).toEqual(['x'])
    await expect(fetch(`${url}#main:nowhere`)).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('"nowhere"'),
    })
    await expect(fetch(`${url}#main:a.txt`)).rejects.toMatchObject({ code: 'GIT_FAILED' })
  })

  test('a symlink is no subdirectory', async () => {
    app.commit({ way: { link: '/' } })
    await expect(fetch(`${url}#main:way/etc`)).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('"way"'),
    })
  })

  test('with its .git where that is asked for, at the commit and without a history', async () => {
    const { directory } = await fetch(`${url}#old`, true)
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'safe.directory=*', ...args], { cwd: directory })
        .toString()
        .trim()
    expect(git('rev-parse', 'HEAD', 'refs/heads/old')).toBe(`${first}\n${first}`)
    expect(git('status', '--porcelain')).toBe('')
    expect(git('remote', 'get-url', 'origin')).toBe(url)
    // BuildKit has no .git of a part.
    expect(existsSync(join((await fetch(`${url}#old:web`, true)).directory, '.git'))).toBe(false)
  })

  test('as a .git directory, it holds no credentials', async () => {
    const { directory } = await fetch(url.replace('http://', 'http://me:word@'), true)
    const files = readdirSync(join(directory, '.git'), { recursive: true, withFileTypes: true })
    const texts = files.flatMap((file) =>
      file.isFile() ? [readFileSync(join(file.parentPath, file.name), 'latin1')] : [],
    )
    expect(texts.filter((text) => text.includes('word'))).toEqual([])
  })

  test('if it is what the checksum says', async () => {
    expect(read(await fetch(`${url}?checksum=${first.slice(0, 8)}#old`), 'a.txt')).toBe('one')
    expect(read(await fetch(`${url}?commit=${first}#heavy`), 'a.txt')).toBe('one')
    const tag = app.git('rev-parse', 'heavy')
    expect(read(await fetch(`${url}?commit=${tag}#heavy`), 'a.txt')).toBe('one')
    for (const wrong of [`${url}?checksum=${first}#main`, `${url}?checksum=${first}#${second}`]) {
      await expect(fetch(wrong)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    }
    await expect(fetch(`${url}?checksum=xyz`)).rejects.toMatchObject({ code: 'GIT_FAILED' })
  })

  test('by commit, wherever the ref is by now', async () => {
    const { directory } = await fetch(`${url}?fetch-by-commit&commit=${first}#main`, true)
    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('one')
    expect(readFileSync(join(directory, '.git/refs/heads/main'), 'utf8').trim()).toBe(first)
    await expect(fetch(`${url}?fetch-by-commit&commit=${first.slice(0, 7)}`)).rejects.toMatchObject({
      code: 'GIT_FAILED',
    })
  })

  test('that was meant when the ref was resolved, even if the ref moves before it is fetched', async () => {
    const parsed = gitUrl(`${url}#main`)
    const scratch = temporaryDirectory()
    const resolved = await resolveCommit(parsed, { cwd: scratch })
    app.commit({ 'a.txt': 'three' })
    expect(read(await checkoutCommit(parsed, resolved, scratch, { keepGitDir: false }), 'a.txt')).toBe('two')
  })

  test('of a server that gives only what its refs name', async () => {
    const old = await startGitServer({ old: true })
    const repository = makeRepository(join(old.root, 'app'))
    const inside = repository.commit({ 'a.txt': 'three' })
    repository.commit({ 'a.txt': 'four' })
    expect(read(await fetch(`${old.url}/app/.git#${inside}`), 'a.txt')).toBe('three')
    expect(read(await fetch(`${old.url}/app/.git`), 'a.txt')).toBe('four')
    const nowhere = 'f'.repeat(40)
    for (const from of [`${old.url}/app/.git`, url]) {
      await expect(fetch(`${from}#${nowhere}`)).rejects.toMatchObject({
        code: 'GIT_FAILED',
        message: expect.stringContaining(nowhere),
      })
    }
  })

  test('with the line ends that .gitattributes asks for', async () => {
    app.commit({ '.gitattributes': '*.bat text eol=crlf\n', 'run.bat': 'a\nb\n' })
    expect(read(await fetch(url), 'run.bat')).toBe('a\r\nb\r\n')
  })

  test('without running a filter, or a hook', async () => {
    const touched = join(temporaryDirectory(), 'touched')
    app.commit({ '.gitattributes': '* filter=evil\n', '.gitconfig': `[filter "evil"]\nsmudge = touch ${touched}\n` })
    app.git('config', 'filter.evil.smudge', `touch ${touched}`)
    writeFileSync(join(app.directory, '.git/hooks/post-checkout'), `#!/bin/sh\ntouch ${touched}\n`, { mode: 0o755 })
    await fetch(url)
    expect(existsSync(touched)).toBe(false)
  })

  test('though it has no files', async () => {
    const empty = makeRepository(join(server.root, 'empty'))
    empty.commit({})
    expect(names(await fetch(`${server.url}/empty/.git`))).toEqual([])
  })

  test('with its submodules, unless they are not wanted', async () => {
    const part = makeRepository(join(server.root, 'part'))
    part.commit({ 'p.txt': 'part' })
    app.commit({ '.gitmodules': '[submodule "part"]\n\tpath = lib/part\n\turl = ../../part/.git\n' })
    const commit = part.git('rev-parse', 'HEAD')
    app.git('update-index', '--add', '--cacheinfo', `160000,${commit},lib/part`)
    app.git('commit', '-q', '-m', 'submodule')
    const checkout = await fetch(url)
    expect(read(checkout, 'lib/part/p.txt')).toBe('part')
    expect(readdirSync(join((await fetch(`${url}?submodules=false`)).directory, 'lib/part'))).toEqual([])
    expect(readFileSync(join((await fetch(url, true)).directory, 'lib/part/p.txt'), 'utf8')).toBe('part')
  })

  test.each(['file:///etc', '/etc', 'ext::sh -c "touch /tmp/tsbuild-ext"', '-u./evil'])(
    'a submodule can not come from %s',
    async (from) => {
      app.commit({ '.gitmodules': `[submodule "p"]\n\tpath = p\n\turl = ${from}\n` })
      app.git('update-index', '--add', '--cacheinfo', `160000,${first},p`)
      app.git('commit', '-q', '-m', 'submodule')
      await expect(fetch(url)).rejects.toMatchObject({ code: 'GIT_FAILED' })
    },
  )

  test.each([['#nothing'], ['#v1.2.3'], ['?branch=light']])('%s is not there', async (part) => {
    await expect(fetch(`${url}${part}`)).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('has no ref'),
    })
  })

  test('a repository that is not there is an error without the credentials', async () => {
    await expect(fetch(url.replace('http://', 'http://me:word@').replace('app', 'none'))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringMatching(/^cannot read "http:\/\/\*\*\*@127\.0\.0\.1:\d+\/none\/\.git": (?!.*word)/),
    })
  })

  test('with more files or bytes than the limits it is refused before they are written', async () => {
    const git = { cwd: app.directory, gitDir: join(app.directory, '.git') }
    await expect(inspectCommit(second, git, { files: 4, bytes: 1e6 })).rejects.toMatchObject({
      code: 'ARCHIVE_TOO_LARGE',
    })
    await expect(inspectCommit(second, git, { files: 99, bytes: 16 })).rejects.toMatchObject({
      code: 'ARCHIVE_TOO_LARGE',
    })
    expect(await inspectCommit(second, git, { files: 5, bytes: 99 })).toEqual({ hasSubmodules: false, isEmpty: false })
  })

  test('until the signal says stop', async () => {
    const stop = new AbortController()
    const pending = resolveCommit(gitUrl(url), { cwd: server.root, signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(pending).rejects.toThrow('enough')
  })

  test('only where there is a git', async () => {
    const env = { PATH: join(server.root, 'nowhere') }
    await expect(runGit(['version'], { cwd: server.root, env })).rejects.toMatchObject({
      code: 'GIT_UNAVAILABLE',
      hint: expect.stringContaining('install git'),
    })
  })

  test('with no setting of the user', async () => {
    const home = temporaryDirectory()
    mkdirSync(join(home, '.config/git'), { recursive: true })
    writeFileSync(join(home, '.gitconfig'), '[alias]\n\tfoo = version\n')
    writeFileSync(join(home, '.config/git/config'), '[alias]\n\tfoo = version\n')
    await expect(runGit(['foo'], { cwd: home, env: { ...process.env, HOME: home } })).rejects.toThrow(
      'not a git command',
    )
  })

  test('files have the modes that git knows', async () => {
    app.git('update-index', '--chmod=+x', 'run')
    app.git('commit', '-q', '-m', 'executable')
    const { directory } = await fetch(url)
    expect(lstatSync(join(directory, 'run')).mode & 0o100).toBe(0o100)
    expect(lstatSync(join(directory, 'a.txt')).mode & 0o100).toBe(0)
  })
})
