import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { parseGitUrl } from '../../../lib/base/git-url.ts'
import { type DiskStore, openStore } from '../../../lib/cache/store.ts'
import { SYSTEM_CLOCK } from '../../../lib/executor/clock.ts'
import type { RemoteAccess } from '../../../lib/executor/remote/remote-access.ts'
import { openRemoteGit, type RemoteGitOptions } from '../../../lib/executor/remote/remote-git.ts'
import type { FileTree, TreeEntry } from '../../../lib/layers/file-tree.ts'
import { readContent } from '../../../lib/layers/read-content.ts'
import { serve } from '../../http/server.ts'
import {
  COMMIT_TIME,
  type GitServer,
  makeRepository,
  startGitServer,
  type TestRepository,
} from '../../support/git-server.ts'
import { requires } from '../../support/requires.ts'
import { run } from '../../support/run.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

function text(tree: FileTree, path: string): string {
  return Buffer.from(readContent(tree.lookup(path) as TreeEntry, 1000)).toString()
}

type OpenOptions = Partial<RemoteGitOptions> & Partial<Pick<RemoteAccess, 'secrets'>>

describe.skipIf(!requires('git'))('a git source', () => {
  let server: GitServer
  let app: TestRepository
  let url = ''
  let store: DiskStore
  beforeEach(async () => {
    server = await startGitServer()
    app = makeRepository(join(server.root, 'app'))
    app.commit({ a: 'one', 'd/b': 'two' })
    url = `${server.url}/app/.git`
    store = openStore(temporaryDirectory())
  })
  const open = (from: string, { secrets, ...options }: OpenOptions = {}): Promise<FileTree> => {
    const parsed = parseGitUrl(from)
    if (parsed?.kind !== 'git') throw new Error(`${from} is no git URL`)
    return openRemoteGit(parsed.url, {
      store,
      keepGitDir: false,
      access: { clock: SYSTEM_CLOCK, env: process.env, fetch: undefined, secrets },
      ...options,
    })
  }
  const fetches = (): number =>
    server.requests.filter((request) => request.includes('git-upload-pack HTTP') || request.startsWith('POST')).length

  test('is a tree of its commit, and again without a fetch', async () => {
    expect(text(await open(url), 'd/b')).toBe('two')
    const first = fetches()
    expect(text(await open(url), 'a')).toBe('one')
    expect(fetches() - first).toBeLessThan(first)
  })

  test('is fetched again if the store has lost it', async () => {
    await open(url)
    rmSync(join(store.root, 'blobs/sha256'), { recursive: true })
    expect(text(await open(url), 'a')).toBe('one')
  })

  test('has the modes of a umask of 022, whatever this process has', async () => {
    app.commit({ run: '' })
    app.git('update-index', '--chmod=+x', 'run')
    app.git('commit', '-q', '-m', 'x')
    const before = process.umask(0o077)
    try {
      const tree = await open(url)
      expect(['a', 'd', 'run'].map((path) => tree.lookup(path)?.mode.toString(8))).toEqual(['644', '755', '755'])
    } finally {
      process.umask(before)
    }
  })

  test('has one time: that of the checkout, or of the commit', async () => {
    const now = Math.floor(Date.now() / 1000)
    expect((await open(url)).lookup('a')?.mtime).toBeGreaterThanOrEqual(now)
    const tree = await open(url, { commitTime: true })
    expect(['', 'a', 'd', 'd/b'].map((path) => tree.lookup(path)?.mtime)).toEqual(Array(4).fill(COMMIT_TIME))
  })

  test('with submodules has none of the files that lead to their repositories', async () => {
    const part = makeRepository(join(server.root, 'part'))
    const commit = part.commit({ p: 'part' })
    app.commit({ '.gitmodules': '[submodule "p"]\n\tpath = p\n\turl = ../../part/.git\n' })
    app.git('update-index', '--add', '--cacheinfo', `160000,${commit},p`)
    app.git('commit', '-q', '-m', 'submodule')
    expect((await open(url)).list('p').map(({ path }) => path)).toEqual(['p/p'])
    expect((await open(url, { keepGitDir: true })).list('p').map(({ path }) => path)).toEqual(['p/.git', 'p/p'])
  })

  test('leaves no credentials and no checkout in the store', async () => {
    await open(url.replace('http://', 'http://me:word@'))
    expect(run('sh', ['-c', `grep -rl word ${store.root} || true`])).toBe('')
    expect(run('ls', [join(store.root, 'tmp')])).toBe('')
  })

  test('that wants credentials gets them from the secrets, and keeps none', async () => {
    const token = Buffer.from('x-access-token:t0ken').toString('base64')
    const closed = await startGitServer({ authorization: `basic ${token}` })
    makeRepository(join(closed.root, 'app')).commit({ a: 'closed' })
    const from = `${closed.url}/app/.git`
    await expect(open(from)).rejects.toMatchObject({ code: 'GIT_FAILED', hint: expect.stringContaining('credentials') })
    const secrets = { [`GIT_AUTH_TOKEN.${new URL(from).host}`]: { kind: 'value', value: 't0ken\n' } } as const
    for (const keepGitDir of [false, true]) {
      expect(text(await open(from, { secrets, keepGitDir }), 'a')).toBe('closed')
    }
    expect(run('sh', ['-c', `grep -rlE 't0ken|${token}' ${store.root} || true`])).toBe('')
  })

  describe('that redirects to another origin', () => {
    const seen: string[] = []
    let redirecting = ''
    beforeEach(async () => {
      seen.length = 0
      const target = await serve((request, response) => {
        seen.push(`${request.url} ${request.headers.authorization ?? 'nothing'}`)
        // Whoever is asked for a password may send the one for the first server.
        response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      })
      redirecting = await serve((request, response) =>
        response.writeHead(302, { location: `${target}${request.url}` }).end(),
      )
    })
    const secrets = { GIT_AUTH_TOKEN: { kind: 'value', value: 't0ken' } } as const

    test.each(['', '#main', `#${'a'.repeat(40)}`])('gets no token to there: %s', async (ref) => {
      await expect(open(`${redirecting}/app/.git${ref}`, { secrets })).rejects.toMatchObject({
        code: 'GIT_FAILED',
        hint: expect.stringContaining('redirects'),
      })
      expect(seen).toEqual([])
    })

    test('gets no header to there', async () => {
      const header = { GIT_AUTH_HEADER: { kind: 'value', value: 'Bearer t0ken' } } as const
      await expect(open(`${redirecting}/app/.git`, { secrets: header })).rejects.toMatchObject({ code: 'GIT_FAILED' })
      expect(seen).toEqual([])
    })

    test('gets no password of the URL to there', async () => {
      const from = `${redirecting.replace('http://', 'http://me:word@')}/app/.git`
      await expect(open(from)).rejects.toMatchObject({ code: 'GIT_FAILED' })
      expect(seen.length).toBeGreaterThan(0)
      expect(seen.filter((line) => !line.endsWith(' nothing'))).toEqual([])
    })

    test('gets nothing to there for a submodule', async () => {
      const commit = 'b'.repeat(40)
      app.commit({ '.gitmodules': `[submodule "p"]\n\tpath = p\n\turl = ${redirecting}/part/.git\n` })
      app.git('update-index', '--add', '--cacheinfo', `160000,${commit},p`)
      app.git('commit', '-q', '-m', 'submodule')
      await expect(open(url, { secrets })).rejects.toMatchObject({ code: 'GIT_FAILED' })
      expect(seen.filter((line) => !line.endsWith(' nothing'))).toEqual([])
    })
  })

  test('without credentials may redirect to another origin', async () => {
    const redirecting = await serve((request, response) =>
      response.writeHead(302, { location: `${server.url}${request.url}` }).end(),
    )
    expect(text(await open(`${redirecting}/app/.git`), 'a')).toBe('one')
  })

  test('with a hostile name that escapes nothing keeps its bytes', async () => {
    app.commit({ 'a\nb': '1', '-x': '2', ü: '3' })
    const tree = await open(url)
    expect(tree.list('').map(({ path }) => path)).toEqual(['-x', 'a', 'a\nb', 'd', 'ü'])
  })
})
