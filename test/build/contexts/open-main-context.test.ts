// Contexts that are no directories, as builds open them.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { type BuildOptions, build, type ContextSource, checkBuild, readDockerfile } from '../../../lib/index.ts'
import { serve } from '../../http/server.ts'
import { makeRepository, startGitServer } from '../../support/git-server.ts'
import { makeTar } from '../../support/make-tar.ts'
import { requires } from '../../support/requires.ts'
import { run } from '../../support/run.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

let store = ''
let source = ''
beforeEach(() => {
  store = temporaryDirectory()
  source = temporaryDirectory()
})

/** The paths of what a build gives, with owners. */
async function filesOf(context: ContextSource, more: Partial<BuildOptions> = {}): Promise<string[]> {
  const dest = join(temporaryDirectory(), 'files.tar')
  await build({ context, store, outputs: [{ type: 'tar', dest }], ...more })
  const lines = run('tar', ['--numeric-owner', '-tvf', dest]).trimEnd().split('\n')
  return lines.map((line) => line.replace(/^\S+ +(\S+) .*:\d\d (.*)$/, '$1 $2'))
}

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(source, path, '..'), { recursive: true })
    writeFileSync(join(source, path), text)
  }
}

function archive(compress?: string): Buffer {
  const plain = execFileSync('tar', ['-C', source, '--owner=5', '--group=6', '--sort=name', '-cf', '-', '.'])
  return compress === undefined ? plain : execFileSync(compress, ['-c'], { input: plain })
}

async function* stream(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const COPY = 'FROM scratch\nCOPY . /\n'
const ALL = ['5/6 .dockerignore', '5/6 Dockerfile', '5/6 a', '5/6 d/', '5/6 d/b']

describe('an archive on a stream', () => {
  beforeEach(() => write({ Dockerfile: COPY, '.dockerignore': 'a\n', a: 'text', 'd/b': '' }))

  test.each([undefined, 'gzip', 'bzip2', 'xz', 'zstd'])('is the context, compressed by %s', async (compress) => {
    if (compress !== undefined && !requires(compress)) return
    // As in BuildKit, its .dockerignore hides nothing, and its owners are kept.
    expect(await filesOf({ stream: stream(archive(compress)) })).toEqual(ALL)
  })

  test('gives the same layers when it comes again', async () => {
    const first = await build({ context: { stream: stream(archive()) }, store })
    const again = await build({ context: { stream: stream(archive('gzip')) }, store })
    expect([again.steps.cached, again.digest]).toEqual([1, first.digest])
  })

  test('has the Dockerfile that is named, also behind a symlink', async () => {
    write({ 'd/web': 'FROM scratch\nCOPY a /\n' })
    run('ln', ['-s', '/d/web', join(source, 'way')])
    for (const dockerfile of ['d/web', '/d/web', './d/../way']) {
      expect(await filesOf({ stream: stream(archive()) }, { dockerfile })).toEqual(['5/6 a'])
    }
    await expect(filesOf({ stream: stream(archive()) }, { dockerfile: 'dockerfil' })).rejects.toMatchObject({
      code: 'DOCKERFILE_NOT_FOUND',
      hint: expect.stringContaining('"Dockerfile"'),
    })
    await expect(filesOf({ stream: stream(archive()) }, { dockerfile: 'd' })).rejects.toMatchObject({
      code: 'DOCKERFILE_NOT_FOUND',
    })
  })

  test('takes a Dockerfile from elsewhere', async () => {
    const dockerfile = { text: 'FROM scratch\nCOPY d /e\n' }
    expect(await filesOf({ stream: stream(archive()) }, { dockerfile })).toEqual(['0/0 e/', '5/6 e/b'])
  })

  test('holds archives that ADD unpacks', async () => {
    const inner = archive('gzip')
    writeFileSync(join(source, 'inner.tgz'), inner)
    writeFileSync(join(source, 'inner.tar'), archive())
    const dockerfile = { text: 'FROM scratch\nADD inner.tgz /x/\nADD inner.tar /y/\nADD a /z/\n' }
    const files = await filesOf({ stream: stream(archive()) }, { dockerfile })
    expect(files.map((line) => line.split(' ')[1])).toEqual(expect.arrayContaining(['x/d/b', 'y/inner.tgz', 'z/a']))
  })

  test('that goes out of itself stays inside', async () => {
    const evil = await makeTar(
      { name: 'Dockerfile', body: COPY },
      { name: '../../out', body: '1' },
      { name: '/abs', body: '2' },
      { name: 'way', type: 'symlink', linkname: '/tmp' },
      { name: 'way/in', body: '3' },
      { name: 'passwd', type: 'symlink', linkname: '../../../../etc/passwd' },
      { name: 'hard', type: 'link', linkname: '../../../abs' },
    )
    expect(await filesOf({ stream: stream(evil) })).toEqual([
      '0/0 Dockerfile',
      '0/0 abs',
      '0/0 hard link to abs',
      '0/0 out',
      '0/0 passwd -> ../../../../etc/passwd',
      '0/0 tmp/',
      '0/0 tmp/in',
      '0/0 way -> /tmp',
    ])
  })

  test('that is cut off, or compressed and no archive, is an error that names the context', async () => {
    await expect(filesOf({ stream: stream(archive().subarray(0, 3000)) })).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
      message: expect.stringContaining('the build context'),
    })
    const text = execFileSync('gzip', ['-c'], { input: COPY })
    await expect(filesOf({ stream: stream(text) })).rejects.toMatchObject({ code: 'CONTEXT_INVALID' })
  })

  test('that fails, fails the build with its own error', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield archive().subarray(0, 1000)
      throw new Error('cut')
    }
    await expect(filesOf({ stream: broken() })).rejects.toThrow('cut')
  })

  test('is read by the other uses of a build too', async () => {
    const context = (): ContextSource => ({ stream: stream(archive()) })
    expect((await readDockerfile({ context: context(), store })).stages).toHaveLength(1)
    expect((await checkBuild({ context: context(), store })).report.warnings).toEqual([])
  })
})

describe('a Dockerfile on a stream', () => {
  test('has an empty context', async () => {
    const bytes = Buffer.from('FROM scratch\nCOPY <<x /\ny\nx\n')
    expect(await filesOf({ stream: stream(bytes, 3) })).toEqual(['0/0 x'])
    await expect(filesOf({ stream: stream(Buffer.from('FROM scratch\nCOPY a /\n')) })).rejects.toMatchObject({
      code: 'COPY_SOURCE_NOT_FOUND',
      location: { file: { name: 'stdin' } },
    })
  })

  test('is the only one', async () => {
    const context = { stream: stream(Buffer.from('FROM scratch\n')) }
    await expect(filesOf(context, { dockerfile: 'x' })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})

describe('a URL', () => {
  const bodies = new Map<string, Buffer>()
  let origin = ''
  beforeEach(async () => {
    write({ Dockerfile: COPY, '.dockerignore': 'a\n', a: 'text', 'd/b': '' })
    bodies.set('/app.tar.gz', archive('gzip')).set('/plain', archive()).set('/Dockerfile', Buffer.from(COPY))
    origin = await serve((request, response) => {
      const body = bodies.get(request.url ?? '')
      if (body) response.setHeader('etag', '"1"').end(body)
      else response.writeHead(404).end()
    })
  })

  test('of an archive is the context', async () => {
    expect(await filesOf(`${origin}/app.tar.gz`)).toEqual(ALL)
    expect(await filesOf(`${origin}/plain`)).toEqual(ALL)
    expect(await filesOf(`${origin}/plain`, { dockerfile: { text: 'FROM scratch\nCOPY a /' } })).toEqual(['5/6 a'])
    write({ web: 'FROM scratch\nCOPY d/b /' })
    expect(await filesOf(`${origin}/plain`, { dockerfile: join(source, 'web') })).toEqual(['5/6 b'])
    await expect(filesOf(`${origin}/plain`, { dockerfile: '/none/web' })).rejects.toMatchObject({
      code: 'DOCKERFILE_NOT_FOUND',
    })
  })

  test('of a Dockerfile is that, and a context with nothing else', async () => {
    expect(await filesOf(`${origin}/Dockerfile`)).toEqual(['0/0 context'])
  })

  test('may be that of the Dockerfile alone', async () => {
    bodies.set('/web', Buffer.from('FROM scratch\nCOPY a /x\n'))
    writeFileSync(join(source, '.dockerignore'), '')
    expect(await filesOf(source, { dockerfile: `${origin}/web` })).toEqual(['0/0 x'])
  })

  test('as a named context is one file, as it is', async () => {
    const dockerfile = { text: 'FROM scratch\nCOPY --from=net . /\n' }
    const buildContexts = { net: `${origin}/app.tar.gz` }
    expect(await filesOf(new Map(), { dockerfile, buildContexts })).toEqual(['0/0 context'])
  })

  test('that nothing needs is not asked for', async () => {
    const buildContexts = { net: `${origin}/missing` }
    expect(await filesOf(new Map([['Dockerfile', COPY]]), { buildContexts })).toEqual(['0/0 Dockerfile'])
  })

  test('that is not there is an error with the status', async () => {
    await expect(filesOf(`${origin}/missing`)).rejects.toMatchObject({ code: 'HTTP_STATUS' })
  })
})

describe.skipIf(!requires('git'))('a git repository', () => {
  let url = ''
  beforeEach(async () => {
    const server = await startGitServer()
    const app = makeRepository(join(server.root, 'app'))
    app.commit({
      Dockerfile: COPY,
      '.dockerignore': 'a\n',
      a: 'text',
      'web/Dockerfile': 'FROM scratch\nCOPY x /\n',
      'web/x': '',
    })
    url = `${server.url}/app/.git`
  })
  const FILES = ['0/0 .dockerignore', '0/0 Dockerfile', '0/0 a', '0/0 web/', '0/0 web/Dockerfile', '0/0 web/x']

  test('is the context, and its .dockerignore hides nothing, as in BuildKit', async () => {
    expect(await filesOf(url)).toEqual(FILES)
    expect(await filesOf(`${url}#main:web`)).toEqual(['0/0 x'])
    expect(await filesOf(url, { dockerfile: { text: 'FROM scratch\nCOPY web/x /\n' } })).toEqual(['0/0 x'])
  })

  test('gives the same image again', async () => {
    const options = { context: url, store, sourceDateEpoch: 0 }
    const first = await build(options)
    const again = await build(options)
    expect([again.steps.cached, again.digest]).toEqual([1, first.digest])
  })

  test('has its .git where the URL or the build arg asks for it', async () => {
    for (const [context, buildArgs] of [
      [`${url}?keep-git-dir=true`, {}],
      [url, { BUILDKIT_CONTEXT_KEEP_GIT_DIR: '1' }],
    ] as const) {
      expect(await filesOf(context, { buildArgs })).toContain('0/0 .git/HEAD')
    }
  })

  test('is a named context, to copy from and to build on', async () => {
    const dockerfile = { text: 'FROM src\nCOPY --from=src web /w\n' }
    const files = await filesOf(new Map(), { dockerfile, buildContexts: { src: url } })
    expect(files).toEqual([...FILES.slice(0, 3), '0/0 w/', '0/0 w/Dockerfile', '0/0 w/x', ...FILES.slice(3)])
  })

  test('that contradicts itself is refused before anything is fetched', async () => {
    await expect(filesOf('https://example.invalid/a.git?ref=x#y')).rejects.toMatchObject({ code: 'CONTEXT_INVALID' })
  })
})

test('a named context that is no directory is an error, also where nothing needs it', async () => {
  const buildContexts = { other: join(source, 'none') }
  await expect(filesOf(new Map([['Dockerfile', COPY]]), { buildContexts })).rejects.toMatchObject({
    code: 'CONTEXT_NOT_FOUND',
  })
})

test('a named context called context is not the build context', async () => {
  const context = new Map([
    ['Dockerfile', 'FROM scratch\nCOPY main /\nCOPY --from=context named /\n'],
    ['main', ''],
  ])
  expect(await filesOf(context, { buildContexts: { context: new Map([['named', '']]) } })).toEqual([
    '0/0 main',
    '0/0 named',
  ])
})

test('a directory goes before a URL of the same name', async () => {
  const directory = join(source, 'github.com', 'team', 'app')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'Dockerfile'), COPY)
  const here = process.cwd()
  try {
    process.chdir(source)
    expect(await filesOf('github.com/team/app')).toEqual(['0/0 Dockerfile'])
  } finally {
    process.chdir(here)
  }
})
