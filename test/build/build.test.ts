// build() as a library: awaited, iterated, aborted, from memory.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { positionAt } from '../../lib/base/source.ts'
import {
  type BuildEvent,
  type BuildOptions,
  build,
  type MemoryFile,
  openStore,
  planBuild,
  type TsbuildError,
  validateImage,
} from '../../lib/index.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const context = (files: Readonly<Record<string, MemoryFile>>): ReadonlyMap<string, MemoryFile> =>
  new Map(Object.entries(files))
const options = (
  dockerfile: string,
  files: Readonly<Record<string, MemoryFile>> = {},
): BuildOptions & { readonly store: string } => ({
  context: context({ Dockerfile: dockerfile, ...files }),
  store: temporaryDirectory(),
})

/** The files of a build's result as `tar -tv` shows them: mode, owner, path. */
async function filesOf(given: BuildOptions): Promise<string[]> {
  const dest = join(temporaryDirectory(), 'files.tar')
  await build({ ...given, outputs: [{ type: 'tar', dest }] })
  return run('tar', ['--numeric-owner', '-tvf', dest])
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^(\S+) +(\S+) .* (\S+)$/, '$1 $2 $3'))
}

test('a build from files in memory gives a valid image', async () => {
  const given = options('FROM scratch\nCOPY . /\n', {
    'a/b': 'text',
    c: { content: new Uint8Array([0, 255]), mode: 0o4755 },
  })
  const result = await build(given)
  expect(result.steps).toEqual({ total: 1, cached: 0 })
  const store = openStore(given.store)
  expect(await validateImage(store, result.image.descriptor)).toMatchObject({ valid: true })
  store.close()
  expect(await filesOf(given)).toEqual([
    '-rw-r--r-- 0/0 Dockerfile',
    'drwxr-xr-x 0/0 a/',
    '-rw-r--r-- 0/0 a/b',
    '-rwsr-xr-x 0/0 c',
  ])
})

test.each([
  ['error=true', 'FROM scratch as x\nENV A 1\n', 'CHECK_FAILED', 2],
  ['error=true', 'FROM scratch AS x\nENV A=1\n', undefined, undefined],
  ['skip=FromAsCasing;error=true', 'FROM scratch as x\nENV A=1\n', undefined, undefined],
  ['skip=FromAsCasing', 'FROM scratch as x\nENV A 1\n', undefined, undefined],
  ['colour=red', 'FROM scratch\n', 'DIRECTIVE_INVALID', 1],
])('with # check=%s, %j builds or is an error', async (check, dockerfile, code, line) => {
  const given = options(`# check=${check}\n${dockerfile}`)
  const failure = await build(given).then(
    () => undefined,
    (error: TsbuildError) => error,
  )
  expect(failure?.code).toBe(code)
  const { location } = failure ?? {}
  expect(location && positionAt(location.file.text, location.span.start).line).toBe(line)
  const buildArgs = { BUILDKIT_DOCKERFILE_CHECK: 'skip=all' }
  await expect(build({ ...given, buildArgs })).resolves.toBeDefined()
})

test('the same files in memory are cached', async () => {
  const given = options('FROM scratch\nCOPY a /\nCOPY a /b/\n', { a: '1' })
  const first = await build(given)
  const second = await build(given)
  expect(second.steps).toEqual({ total: 2, cached: 2 })
  expect(second.digest).toBe(first.digest)
})

test('a change of one file runs the steps that need it, and no others', async () => {
  const given = options('FROM scratch\nCOPY a /\nCOPY b /\nCOPY c /\n', { a: '1', b: '1', c: '1' })
  await build(given)
  const changed = { ...given, context: new Map([...(given.context as Map<string, MemoryFile>), ['b', '2'] as const]) }
  expect((await build(changed)).steps).toEqual({ total: 3, cached: 2 })
})

test('iterated, a build gives its events in order, each step once', async () => {
  const given = options('FROM scratch AS one\nCOPY a /\nFROM scratch\nCOPY --from=one a /b\n', { a: '1' })
  const running = build(given)
  const events: BuildEvent[] = []
  for await (const event of running) events.push(event)
  expect(events[0]).toMatchObject({ type: 'plan', steps: [{ line: 2 }, { line: 4 }] })
  const told = events.flatMap((event) =>
    event.type === 'started' || event.type === 'completed' ? `${event.type} ${event.step}` : [],
  )
  expect(told).toEqual(['started 0:1', 'completed 0:1', 'started 1:1', 'completed 1:1'])
  expect(JSON.parse(JSON.stringify(events))).toEqual(events)
  expect((await running).steps.total).toBe(2)
})

test('iterated, a build that fails throws at the end', async () => {
  const running = build(options('FROM scratch\nCOPY nope /\n'))
  const types: string[] = []
  await expect(async () => {
    for await (const event of running) types.push(event.type)
  }).rejects.toThrow(expect.objectContaining({ code: 'COPY_SOURCE_NOT_FOUND' }))
  expect(types).toContain('completed')
})

test('an abort rejects with the signal’s reason', async () => {
  const controller = new AbortController()
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`f${n}`, 'x'.repeat(50_000)]))
  const running = build({
    ...options('FROM scratch\nCOPY . /\n', files),
    signal: controller.signal,
    onEvent: () => controller.abort('enough'),
  })
  await expect(running).rejects.toBe('enough')
})

test('owners come from the image’s own passwd and group', async () => {
  const dockerfile = [
    'FROM scratch',
    'COPY passwd group /etc/',
    'COPY --chown=app:www a /x/',
    'USER app',
    'WORKDIR /home/app',
  ].join('\n')
  const files = { passwd: 'root:x:0:0::/:\napp:x:1000:1001::/:\n', group: 'root:x:0:\nwww:x:33:\n', a: '1' }
  expect(await filesOf(options(dockerfile, files))).toEqual([
    'drwxr-xr-x 0/0 etc/',
    '-rw-r--r-- 0/0 etc/group',
    '-rw-r--r-- 0/0 etc/passwd',
    'drwxr-xr-x 1000/1001 home/',
    'drwxr-xr-x 1000/1001 home/app/',
    'drwxr-xr-x 1000/33 x/',
    '-rw-r--r-- 1000/33 x/a',
  ])
})

test('ADD unpacks an archive that is in memory', async () => {
  const directory = temporaryDirectory()
  run('tar', ['-czf', join(directory, 'a.tgz'), '-C', join(import.meta.dirname, '../../fixtures/hello'), 'hello.txt'])
  const given = options('FROM scratch\nADD a.tgz /x/\nADD --unpack=false a.tgz /y/\n', {
    'a.tgz': new Uint8Array(readFileSync(join(directory, 'a.tgz'))),
  })
  expect((await filesOf(given)).map((line) => line.split(' ')[2])).toEqual(['x/', 'x/hello.txt', 'y/', 'y/a.tgz'])
})

test('a directory that lacks something of the image comes with a warning', async () => {
  const directory = temporaryDirectory()
  const pax = 'SCHILY.xattr.security.capability:=x'
  writeFileSync(join(directory, 'f'), '')
  run('tar', ['-cf', join(directory, 'a.tar'), '--format=pax', `--pax-option=${pax}`, '-C', directory, 'f'])
  const given = options('FROM scratch\nADD a.tar /\n', {
    'a.tar': new Uint8Array(readFileSync(join(directory, 'a.tar'))),
  })
  const events: BuildEvent[] = []
  const outputs = [{ type: 'local', dest: join(directory, 'files') }] as const
  await build({ ...given, outputs, onEvent: (event) => events.push(event) })
  expect(events).toContainEqual(expect.objectContaining({ type: 'warning', code: 'OUTPUT_INCOMPLETE' }))
})

test('independent stages start side by side', async () => {
  const dockerfile =
    'FROM scratch AS a\nCOPY a /\nFROM scratch AS b\nCOPY b /\nFROM scratch\nCOPY --from=a / /\nCOPY --from=b / /\n'
  const events: BuildEvent[] = []
  await build({ ...options(dockerfile, { a: '1', b: '2' }), onEvent: (event) => events.push(event) })
  const started = events.findIndex((event) => event.type === 'started' && event.step === '1:1')
  const completed = events.findIndex((event) => event.type === 'completed' && event.step === '0:1')
  expect(started).toBeLessThan(completed)
})

test('a named context of files can be a base and a source', async () => {
  const given: BuildOptions = {
    ...options('FROM files\nCOPY --from=files a /b\n'),
    buildContexts: { files: context({ a: '1' }) },
  }
  const result = await build(given)
  expect(result.image.config.history).toHaveLength(2)
  expect(await filesOf(given)).toEqual(['-rw-r--r-- 0/0 a', '-rw-r--r-- 0/0 b'])
})

test('an image in the store is a base, with its history and its layers as they are', async () => {
  const store = temporaryDirectory()
  const base = await build({ ...options('FROM scratch\nCOPY a /a\nENV A=1\n', { a: '1' }), store, tags: ['base:1'] })
  const derived = await build({ ...options('FROM base:1\nCOPY b /b\n', { b: '2' }), store })
  expect(derived.image.manifest.layers[0]).toEqual(base.image.manifest.layers[0])
  expect(derived.image.config.history?.map((entry) => entry.created_by)).toEqual([
    'COPY a /a # buildkit',
    'ENV A=1',
    'COPY b /b # buildkit',
  ])
  expect(derived.image.config.config?.Env).toContain('A=1')
})

test('a base that is not in the store is an error with a suggestion', async () => {
  const store = temporaryDirectory()
  await build({ ...options('FROM scratch\nCOPY a /\n', { a: '1' }), store, tags: ['my-base:1'] })
  await expect(build({ ...options('FROM my-bsae:1\n'), store, pull: 'never' })).rejects.toThrow(
    expect.objectContaining({ code: 'IMAGE_NOT_FOUND', hint: 'did you mean "my-base:1"?' }),
  )
})

test('layers can be left uncompressed', async () => {
  const dest = join(temporaryDirectory(), 'layout')
  const given = options('FROM scratch\nCOPY a /\n', { a: '1' })
  await build({ ...given, outputs: [{ type: 'oci', dest, tar: false, compression: { algorithm: 'uncompressed' } }] })
  const index = JSON.parse(readFileSync(join(dest, 'index.json'), 'utf8'))
  const manifest = JSON.parse(readFileSync(join(dest, 'blobs', index.manifests[0].digest.replace(':', '/')), 'utf8'))
  expect(manifest.layers).toMatchObject([{ mediaType: 'application/vnd.oci.image.layer.v1.tar' }])
})

test('several outputs may want different compression', async () => {
  const directory = temporaryDirectory()
  const given = options('FROM scratch\nCOPY a /\n', { a: 'text '.repeat(10_000) })
  const { outputs } = await build({
    ...given,
    outputs: [
      { type: 'oci', dest: join(directory, 'plain.tar'), compression: { algorithm: 'uncompressed' } },
      { type: 'oci', dest: join(directory, 'gzip.tar'), compression: { algorithm: 'gzip', level: 9 } },
      { type: 'docker', dest: join(directory, 'docker.tar') },
    ],
  })
  const [plain = 0, gzip = 0] = outputs.map((output) => output.size)
  expect(gzip).toBeLessThan(plain / 3)
})

test('planBuild gives the graph and builds nothing', async () => {
  const given = options('FROM scratch\nRUN true\nCOPY nope /\n')
  const graph = await planBuild(given)
  expect(graph.vertices.map((vertex) => vertex.op.kind)).toEqual(['scratch', 'run', 'context', 'copy'])
})

test.each([
  ['a date that is none', { sourceDateEpoch: -1 }, 'OPTION_INVALID'],
  ['a tag that is none', { tags: ['UPPER'] }, 'REFERENCE_INVALID'],
  ['a context that is not there', { context: '/nonexistent/context' }, 'CONTEXT_NOT_FOUND'],
] as const)('%s is refused', async (_, change, code) => {
  await expect(build({ ...options('FROM scratch\nCOPY --from=x a /\n'), ...change })).rejects.toThrow(
    expect.objectContaining({ code }),
  )
})
