// ADD from http and git servers on loopback, as builds do it.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { type BuildOptions, build } from '../../lib/index.ts'
import { serve } from '../http/server.ts'
import {
  COMMIT_TIME,
  type GitServer,
  makeRepository,
  startGitServer,
  type TestRepository,
} from '../support/git-server.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let store = ''
beforeEach(() => {
  store = temporaryDirectory()
})

interface Result {
  /** As `tar -tv` shows them: mode, owner, size, UTC time, path. */
  readonly files: readonly string[]
  readonly cached: number
  readonly digest: string
}

async function add(line: string, more: Partial<BuildOptions> = {}): Promise<Result> {
  const dest = join(temporaryDirectory(), 'files.tar')
  const context = new Map([['Dockerfile', `FROM scratch\nADD ${line}\n`]])
  const { steps, digest } = await build({ context, store, outputs: [{ type: 'tar', dest }], ...more })
  const listing = run('tar', ['--numeric-owner', '--utc', '--full-time', '-tvf', dest]).trimEnd()
  const files = listing.split('\n').map((text) => text.replace(/ +/g, ' '))
  return { files, cached: steps.cached, digest }
}

const sum = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

describe('ADD of a URL', () => {
  const requests: string[] = []
  let origin = ''
  let content = 'content'
  let etag: string | undefined
  beforeEach(async () => {
    requests.length = 0
    content = 'content'
    etag = '"1"'
    origin = await serve((request, response) => {
      const { url = '', headers } = request
      requests.push(url)
      if (url === '/missing') return void response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here')
      if (url === '/moved') return void response.writeHead(302, { location: '/dir/file.txt' }).end()
      if (url === '/packed') {
        return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked'))
      }
      if (etag !== undefined && headers['if-none-match'] === etag) return void response.writeHead(304).end()
      const modified = 'Thu, 02 Jan 2020 03:04:05 GMT'
      if (etag === undefined && headers['if-modified-since'] === modified) return void response.writeHead(304).end()
      response.writeHead(200, { 'last-modified': modified, ...(etag !== undefined && { etag }) }).end(content)
    })
  })

  test('has the name of the URL, mode 0600 and the time of the server', async () => {
    expect((await add(`${origin}/dir/file.txt?x=/y /d/`)).files).toEqual([
      expect.stringMatching(/^drwxr-xr-x 0\/0 0 .* d\/$/),
      '-rw------- 0/0 7 2020-01-02 03:04:05 d/file.txt',
    ])
    expect((await add(`${origin}/dir/file.txt /name`)).files).toEqual(['-rw------- 0/0 7 2020-01-02 03:04:05 name'])
    expect((await add(`${origin}/moved /`)).files).toEqual(['-rw------- 0/0 7 2020-01-02 03:04:05 moved'])
  })

  test('is from 1970 if the server says nothing, and has another owner and mode where that is asked for', async () => {
    expect((await add(`${origin}/packed /`)).files).toEqual(['-rw------- 0/0 8 1970-01-01 00:00:00 packed'])
    expect((await add(`--chown=1:2 --chmod=u+x,g+r ${origin}/a /`)).files[0]).toMatch(/^-rwxr----- 1\/2 7 /)
    expect((await add(`--link ${origin}/a /`)).files[0]).toMatch(/^-rw------- 0\/0 7 /)
  })

  test('is downloaded once, while its ETag is the same', async () => {
    const first = await add(`${origin}/a /`)
    const second = await add(`${origin}/a /`)
    expect([second.cached, second.digest]).toEqual([1, first.digest])
    etag = '"2"'
    content = 'other'
    expect((await add(`${origin}/a /`)).files[0]).toMatch(/ 5 .* a$/)
    expect(requests).toEqual(['/a', '/a', '/a'])
  })

  test('is asked for once in a build, by however many steps', async () => {
    etag = undefined
    const text = ['a', 'b', 'c'].map(
      (name) => `FROM scratch AS ${name}\nADD ${origin}/x /${name}\nADD ${origin}/x /2\n`,
    )
    const copies = 'FROM scratch\nCOPY --from=a / /\nCOPY --from=b / /\nCOPY --from=c / /\n'
    await build({ context: new Map([['Dockerfile', text.join('') + copies]]), store })
    expect(requests).toEqual(['/x'])
  })

  test('or while it was not modified since', async () => {
    etag = undefined
    await add(`${origin}/a /`)
    content = 'never seen'
    expect((await add(`${origin}/a /`)).files[0]).toMatch(/ 7 .* a$/)
  })

  test('has to be what the checksum says, and is asked for only once then', async () => {
    const good = `--checksum=${sum('content')} ${origin}/a /`
    await add(good)
    await add(good)
    expect(requests).toEqual(['/a'])
    await expect(add(`--checksum=${sum('x')} ${origin}/b /`)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      message: expect.stringContaining(sum('content')),
      location: { span: { start: expect.any(Number) } },
    })
    const long = `sha512:${createHash('sha512').update('content').digest('hex')}`
    expect((await add(`--checksum=${long} ${origin}/c /`)).files).toHaveLength(1)
  })

  test('is not unpacked, unless that is asked for', async () => {
    const directory = temporaryDirectory()
    run('sh', ['-c', `cd ${directory} && echo x > inner && tar -cf a.tar --owner=3 --group=4 inner && gzip -k a.tar`])
    const archive = run('base64', ['-w0', join(directory, 'a.tar.gz')])
    const archives = await serve((_, response) => void response.end(Buffer.from(archive, 'base64')))
    expect((await add(`${archives}/a.tar.gz /d/`)).files.at(-1)).toMatch(/ d\/a\.tar\.gz$/)
    expect((await add(`--unpack ${archives}/a.tar.gz /d/`)).files.at(-1)).toMatch(/ 3\/4 2 .* d\/inner$/)
    expect((await add(`--unpack ${origin}/a /d/`)).files.at(-1)).toMatch(/ d\/a$/)
  })

  test('that fails is an error at the source, with what the server says', async () => {
    await expect(add(`${origin}/missing /`)).rejects.toMatchObject({
      code: 'HTTP_STATUS',
      message: expect.stringContaining('404 Not Found: nothing here'),
      location: { span: { start: 17 } },
    })
    await expect(add('http://127.0.0.1:1/a /')).rejects.toMatchObject({ code: 'HTTP_FAILED' })
  })

  test('is asked for with the credentials among the secrets', async () => {
    const closed = await serve((request, response) => {
      response.statusCode = request.headers.authorization === 'Bearer t0ken' ? 200 : 401
      response.end('closed')
    })
    await expect(add(`${closed}/a /`)).rejects.toMatchObject({ code: 'HTTP_STATUS' })
    const secrets = { 'HTTP_AUTH_TOKEN_127.0.0.1': { kind: 'value', value: 't0ken' } } as const
    expect((await add(`${closed}/a /`, { run: { secrets } })).files).toHaveLength(1)
    expect(run('sh', ['-c', `grep -rl t0ken ${store} || true`])).toBe('')
  })

  test('may stand beside other sources', async () => {
    const context = new Map([
      ['Dockerfile', `FROM scratch\nADD x ${origin}/a <<b ${origin}/c /d/\ntext\nb\n`],
      ['x', ''],
    ])
    const { files } = await add('', { context })
    expect(files.map((line) => line.split(' ').at(-1))).toEqual(['d/', 'd/a', 'd/b', 'd/c', 'd/x'])
  })
})

describe.skipIf(!requires('git'))('ADD of a git repository', () => {
  let server: GitServer
  let app: TestRepository
  let url = ''
  beforeEach(async () => {
    server = await startGitServer()
    app = makeRepository(join(server.root, 'app'))
    app.commit({ 'a.txt': 'one', 'bin/run': '#!/bin/sh\n', link: { link: '../../etc/passwd' } })
    app.git('update-index', '--chmod=+x', 'bin/run')
    app.git('commit', '-q', '-m', 'executable')
    url = `${server.url}/app/.git`
  })
  const TIME = new Date(COMMIT_TIME * 1000).toISOString().replace('T', ' ').slice(0, 19)

  test('has the files of the commit, and nothing else', async () => {
    expect((await add(`${url}?mtime=commit /src`)).files).toEqual([
      `drwxr-xr-x 0/0 0 ${TIME} src/`,
      `-rw-r--r-- 0/0 3 ${TIME} src/a.txt`,
      `drwxr-xr-x 0/0 0 ${TIME} src/bin/`,
      `-rwxr-xr-x 0/0 10 ${TIME} src/bin/run`,
      `lrwxrwxrwx 0/0 0 ${TIME} src/link -> ../../etc/passwd`,
    ])
  })

  test('is fetched once, while the ref is the same', async () => {
    const first = await add(`${url} /`)
    const packs = () => server.requests.filter((request) => request.startsWith('POST')).length
    const before = packs()
    const second = await add(`${url} /`)
    expect([second.cached, second.digest]).toEqual([1, first.digest])
    const lookUps = packs() - before
    app.commit({ 'a.txt': 'other' })
    expect((await add(`${url} /`)).files[0]).toMatch(/ 5 .* a\.txt$/)
    expect(packs() - before).toBeGreaterThan(2 * lookUps)
  })

  test('by its commit is not even asked for a second time', async () => {
    const commit = app.git('rev-parse', 'HEAD')
    await add(`${url}#${commit} /`)
    server.requests.length = 0
    expect((await add(`${url}#${commit} /`)).cached).toBe(1)
    expect(server.requests).toEqual([])
  })

  test('has to be what the checksum says', async () => {
    const commit = app.git('rev-parse', 'HEAD')
    expect((await add(`--checksum=${commit} ${url} /`)).files).toHaveLength(4)
    await expect(add(`--checksum=${'0'.repeat(40)} ${url}#main /`)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      location: { span: { start: expect.any(Number) } },
    })
  })

  test('has its .git where that is asked for', async () => {
    const { files } = await add(`--keep-git-dir ${url} /src/`)
    expect(files.some((line) => line.endsWith(' src/.git/HEAD'))).toBe(true)
    expect((await add(`${url} /src/`)).files.some((line) => line.includes('.git'))).toBe(false)
  })

  test('takes exclusions, owners and modes as any other', async () => {
    const { files } = await add(`--exclude=*.txt --exclude=link --chown=7 --chmod=700 ${url} /src/`)
    expect(files.map((line) => line.replace(/ \S+ \S+ \S+ (\S+)$/, ' $1'))).toEqual([
      'drwx------ 7/7 src/',
      'drwx------ 7/7 src/bin/',
      '-rwx------ 7/7 src/bin/run',
    ])
  })

  test('without such a ref is an error at the source', async () => {
    await expect(add(`${url}#none /`)).rejects.toMatchObject({ code: 'GIT_FAILED', location: { span: { start: 17 } } })
  })
})
