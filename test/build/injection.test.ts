// A program gives a build its environment, credentials, fetch, store, contexts and streams for one call.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import {
  type BuildOptions,
  build,
  type ContextSource,
  checkBuild,
  type MemoryFile,
  planBuild,
} from '../../lib/index.ts'
import { fetchRegistry } from '../support/fetch-registry.ts'
import { MemoryNames } from '../support/names-in-memory.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const dockerfile = (text: string): Readonly<Record<string, MemoryFile>> => ({ Dockerfile: text })

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The files of a build's result with their texts. */
async function filesOf(options: Omit<BuildOptions, 'outputs'>): Promise<string> {
  const stream = new PassThrough()
  const [tar] = await Promise.all([bytesOf(stream), build({ ...options, outputs: [{ type: 'tar', dest: stream }] })])
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'root.tar'), tar)
  const root = join(directory, 'root')
  mkdirSync(root)
  run('tar', ['-xf', join(directory, 'root.tar'), '-C', root])
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort()
  return paths.map((path) => `./${relative(root, path)}:${readFileSync(path, 'utf8')}`).join('\n')
}

test('two tenants of one process share neither credentials, nor environment, nor connections, nor stores', async () => {
  const registry = fetchRegistry('registry.test', { anna: 'a-word', bert: 'b-word' })
  const tenant = (username: string, password: string) => ({
    fetch: registry.fetch,
    credentials: async (host: string) => (host === 'registry.test' ? { username, password } : undefined),
    env: { HOME: '/nowhere', SOURCE_DATE_EPOCH: '1700000000' },
    store: temporaryDirectory(),
  })
  const anna = tenant('anna', 'a-word')
  const pushed = await build({
    ...anna,
    context: { ...dockerfile('FROM scratch\nCOPY text /\n'), text: 'of Anna' },
    tags: ['registry.test/team/base:1'],
    outputs: [{ type: 'registry' }],
  })
  const from = { context: dockerfile('FROM registry.test/team/base:1\nCOPY Dockerfile /\n') }
  const built = await build({ ...tenant('bert', 'b-word'), ...from })
  expect(built.image.layers[0]).toEqual(pushed.image.layers[0])
  expect(new Set(registry.requests.map((line) => line.split(' ').at(-1)))).toEqual(new Set(['-', 'anna', 'bert']))

  await expect(build({ ...tenant('bert', 'wrong'), ...from })).rejects.toMatchObject({
    code: 'REGISTRY_AUTH',
    hint: expect.stringContaining('the "credentials" option'),
  })
  await expect(build({ ...tenant('', ''), credentials: () => undefined, ...from })).rejects.toMatchObject({
    code: 'REGISTRY_AUTH',
  })
})

test('a fetch that fails is an HTTP_FAILED with its reason', async () => {
  const fetch = async (): Promise<Response> => Promise.reject(new Error('the agent is out'))
  const context = dockerfile('FROM registry.test/app\n')
  await expect(build({ context, fetch, store: temporaryDirectory() })).rejects.toMatchObject({
    code: 'HTTP_FAILED',
    message: expect.stringContaining('the agent is out'),
  })
})

test('ADD, a Dockerfile and a context of a URL use the fetch of the call, and send no credentials elsewhere', async () => {
  const seen: string[] = []
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    seen.push(`${url} ${new Headers(init.headers).get('authorization') ?? '-'}`)
    if (url === 'https://one.test/file') {
      return new Response(null, { status: 302, headers: { location: 'https://two.test/file' } })
    }
    return new Response(url.endsWith('.dockerfile') ? 'FROM scratch\nADD https://one.test/file /\n' : 'text')
  }
  const secrets = { 'HTTP_AUTH_TOKEN_one.test': { kind: 'env', name: 'TOKEN' } } as const
  const files = await filesOf({
    context: {},
    dockerfile: 'https://three.test/app.dockerfile',
    fetch,
    run: { secrets },
    env: { TOKEN: 't0ken' },
    store: temporaryDirectory(),
  })
  expect(files).toBe('./file:text')
  expect(seen).toEqual([
    'https://three.test/app.dockerfile -',
    'https://one.test/file Bearer t0ken',
    'https://two.test/file -',
  ])
})

test('the environment of a call sets the epoch, and the one of the process does not', async () => {
  const context = dockerfile('FROM scratch\nCOPY Dockerfile /\n')
  const { image } = await build({ context, env: { SOURCE_DATE_EPOCH: '86400' }, store: temporaryDirectory() })
  expect(image.config.created).toBe('1970-01-02T00:00:00.000Z')
})

test('the environment of a call names the default store', async () => {
  const store = temporaryDirectory()
  const { outputs } = await build({ context: dockerfile('FROM scratch\n'), env: { TSBUILD_HOME: store } })
  expect(outputs).toMatchObject([{ type: 'store', destination: store }])
})

test('a store of another kind is used, and stays open', async () => {
  const store = new MemoryNames(temporaryDirectory())
  const options = { store, context: { ...dockerfile('FROM scratch\nCOPY a /b\n'), a: 'text' }, tags: ['app'] }
  expect((await build(options)).steps).toEqual({ total: 1, cached: 0 })
  expect((await build(options)).steps).toEqual({ total: 1, cached: 1 })
  expect(store.references.list().map(({ name }) => name)).toEqual(['docker.io/library/app:latest'])
  expect(await filesOf({ store, context: dockerfile('FROM app\nCOPY --from=app /b /c\n') })).toBe('./b:text\n./c:text')
  expect((await planBuild(options)).stages).toHaveLength(1)
  expect(store.closed).toBe(0)
  await expect(build({ store, context: dockerfile('FROM app\nRUN true\n') })).rejects.toMatchObject({
    code: 'SANDBOX_UNAVAILABLE',
    message: expect.stringContaining('RUN needs a store in a directory'),
  })
})

async function* slowly<T>(items: Iterable<T>): AsyncIterable<T> {
  for (const item of items) {
    await new Promise(setImmediate)
    yield item
  }
}

const FILES = { Dockerfile: 'FROM scratch\nCOPY d /d\nCOPY --from=other x /\n', 'd/e': 'text' }

function onDisk(): string {
  const directory = temporaryDirectory()
  mkdirSync(join(directory, 'd'))
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text)
  return directory
}

test.each<[kind: string, source: () => ContextSource]>([
  ['a path', onDisk],
  ['a file: URL', () => pathToFileURL(onDisk())],
  ['an object', () => FILES],
  ['an object without a prototype', () => Object.assign(Object.create(null), FILES)],
  ['a map', () => new Map(Object.entries(FILES))],
  ['an array', () => Object.entries(FILES)],
  ['an asynchronous iterable', () => slowly(Object.entries(FILES))],
  ['an object with a file that is called stream', () => ({ ...FILES, stream: 'a file' })],
  ['a stream of a tar', () => ({ stream: slowly([new Uint8Array(execFileSync('tar', ['-cC', onDisk(), '.']))]) })],
])('the context may be %s', async (_, source) => {
  const buildContexts = { other: slowly([['x', 'other'] as const]) }
  expect(await filesOf({ context: source(), buildContexts, store: temporaryDirectory() })).toBe('./d/e:text\n./x:other')
})

test.each<[problem: string, context: unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['bytes', new Uint8Array([1])],
  ['an object of a class', new Date()],
  ['an iterable of anything', [1, 2]],
])('%s is no context', async (_, context) => {
  const given = { context: context as ContextSource, store: temporaryDirectory() }
  await expect(build(given)).rejects.toMatchObject({
    code: 'CONTEXT_INVALID',
    hint: expect.stringContaining('{ stream }'),
  })
})

test('an iterable that gives a file twice is refused', async () => {
  const context = slowly([['a', '1'] as const, ['a', '2'] as const])
  await expect(build({ context, store: temporaryDirectory() })).rejects.toMatchObject({ code: 'CONTEXT_INVALID' })
})

test.each(['oci', 'docker', 'tar'] as const)('-o type=%s goes to a stream of either kind', async (type) => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const nodes = new PassThrough()
  const context = dockerfile('FROM scratch\nCOPY Dockerfile /\n')
  const [web, node, result] = await Promise.all([
    bytesOf(readable),
    bytesOf(nodes),
    build({
      context,
      store: temporaryDirectory(),
      outputs: [
        { type, dest: writable },
        { type, dest: nodes },
      ],
    }),
  ])
  expect(web.equals(node)).toBe(true)
  expect(result.outputs).toEqual([
    { type, destination: '-', size: web.length },
    { type, destination: '-', size: node.length },
  ])
})

test('a stream that fails ends the build, and a build that fails destroys the stream', async () => {
  const context = dockerfile('FROM scratch\nCOPY Dockerfile /\n')
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('the disk is full')) })
  await expect(
    build({ context, store: temporaryDirectory(), outputs: [{ type: 'tar', dest: broken }] }),
  ).rejects.toThrow('the disk is full')
  expect(broken.destroyed).toBe(true)
})

test('a directory does not fit into a stream', async () => {
  const outputs = [{ type: 'oci', tar: false, dest: new PassThrough() }] as const
  await expect(
    build({ context: dockerfile('FROM scratch\n'), store: temporaryDirectory(), outputs }),
  ).rejects.toMatchObject({ code: 'OUTPUT_INVALID' })
})

test.each<[options: object, message: string, hint: string | undefined]>([
  [{ tag: 'x' }, 'there is no option "tag"', 'did you mean "tags"?'],
  [{ buildarg: {} }, 'there is no option "buildarg"', 'did you mean "buildArgs"?'],
  [{ run: { secret: {} } }, 'there is no option "run.secret"', 'did you mean "run.secrets"?'],
  [{ outputs: [{ type: 'oci', destination: 'x' }] }, 'there is no option "outputs[0].destination"', undefined],
  [
    { outputs: [{ type: 'ocy', dest: 'x' }] },
    'outputs[0] has the type "ocy"',
    'the types are docker, local, oci, registry, tar',
  ],
])('%j is refused by name', async (options, message, hint) => {
  const given = { context: dockerfile('FROM scratch\n'), store: temporaryDirectory(), ...options } as BuildOptions
  for (const call of [build, planBuild, checkBuild]) {
    await expect(call(given)).rejects.toMatchObject({ code: expect.stringMatching(/^OPTION_/), message, hint })
  }
})
