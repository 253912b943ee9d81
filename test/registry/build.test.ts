// Builds from and to a registry.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import {
  type BuildEvent,
  type BuildOptions,
  build,
  type MemoryFile,
  pullImage,
  pushImage,
  removeImage,
  resolveStored,
} from '../../lib/index.ts'
import type { Image } from '../../lib/oci/types.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startRegistry, type TestRegistry } from './test-registry.ts'

const files = (texts: Readonly<Record<string, string>>): ReadonlyMap<string, MemoryFile> =>
  new Map(Object.entries(texts).map(([name, content]) => [name, { content }]))
const options = (text: string, more: Partial<BuildOptions> = {}): BuildOptions => ({
  context: files({ 'new.txt': 'new\n' }),
  dockerfile: { text },
  ...more,
})

/** A registry with `base:1`: two layers, /etc/passwd and a large file. */
async function withBase(): Promise<{ readonly registry: TestRegistry; readonly base: string; readonly image: Image }> {
  const registry = await startRegistry()
  const base = `${registry.host}/base:1`
  const store = temporaryDirectory()
  const { image } = await build({
    context: files({ passwd: 'app:x:7:8::/:/bin/sh\n', large: 'x'.repeat(100_000) }),
    dockerfile: { text: 'FROM scratch\nCOPY passwd /etc/\nCOPY large /\nENV A=1\n' },
    store,
    tags: [base],
    outputs: [{ type: 'registry' }],
  })
  registry.requests.length = 0
  return { registry, base, image }
}

const blobRequests = ({ requests }: TestRegistry): readonly string[] =>
  requests.filter((line) => line.startsWith('GET') && line.includes('/blobs/'))

test('a base in a registry is fetched when it is needed, with progress, and once', async () => {
  const { registry, base, image } = await withBase()
  const store = temporaryDirectory()
  const events: BuildEvent[] = []
  const given = options(`FROM ${base}\nCOPY --chown=app new.txt /\n`, { store, onEvent: (event) => events.push(event) })
  const first = await build(given)
  expect(first.image.manifest.layers.slice(0, 2)).toEqual(image.manifest.layers)
  expect(first.image.config.config?.Env).toContain('A=1')
  // Config and two layers.
  expect(blobRequests(registry)).toHaveLength(3)
  const size = image.manifest.layers.reduce((sum, layer) => sum + layer.size, 0)
  expect(events).toContainEqual(expect.objectContaining({ type: 'progress', current: size, total: size }))
  registry.requests.length = 0
  const second = await build(given)
  expect(second.digest).toBe(first.digest)
  expect(registry.requests).toEqual([])
})

test.each([
  ['COPY --link --chown=1000:1000', 1],
  ['COPY --link --chown=root:root', 1],
  ['COPY --chown=1000:1000', 3],
  ['COPY --link --chmod=600 --chown=app', 3],
])('%s fetches %i blobs of a base', async (copy, expected) => {
  const { registry, base } = await withBase()
  await build(
    options(`FROM ${base}\n${copy} new.txt /\n`, {
      store: temporaryDirectory(),
      tags: [`${registry.host}/team/app:1`],
      outputs: [{ type: 'registry' }],
    }),
  )
  expect(blobRequests(registry)).toHaveLength(expected)
})

test('with --pull the registry is asked again what a name means', async () => {
  const { registry, base } = await withBase()
  const store = temporaryDirectory()
  const given = options(`FROM ${base}\nENV B=2\n`, { store })
  await build(given)
  const changed = options(`FROM scratch\nENV A=9\n`, {
    store: temporaryDirectory(),
    tags: [base],
    outputs: [{ type: 'registry' }],
  })
  await build(changed)
  registry.requests.length = 0
  expect((await build(given)).image.config.config?.Env).toContain('A=1')
  expect(registry.requests).toEqual([])
  expect((await build({ ...given, pull: 'always' })).image.config.config?.Env).toContain('A=9')
  registry.requests.length = 0
  expect((await build(given)).image.config.config?.Env).toContain('A=9')
  await build({ ...given, pull: 'always' })
  // The origin, and what the tag names: nothing of it has to come.
  expect(registry.requests.map((line) => line.split(' ')[0])).toEqual(['GET', 'HEAD'])
})

test('what nothing needs of a base is never fetched: a push mounts it', async () => {
  const { registry, base, image } = await withBase()
  const store = temporaryDirectory()
  const sent = registry.uploaded
  const result = await build(
    options(`FROM ${base}\nENV B=2\nCOPY --link new.txt /\n`, {
      store,
      tags: [`${registry.host}/team/app:1`],
      outputs: [{ type: 'registry' }],
    }),
  )
  // The config of the base, no layer.
  expect(blobRequests(registry)).toEqual([`GET /v2/base/blobs/${image.manifest.config.digest}`])
  const { layers, config } = result.image.manifest
  expect(registry.uploaded - sent).toBe((layers[2]?.size ?? 0) + config.size)
  expect(registry.requests.filter((line) => line.includes('mount='))).toHaveLength(2)
  expect(result.outputs).toEqual([
    { type: 'registry', destination: `${registry.host}/team/app:1`, size: (layers[2]?.size ?? 0) + config.size },
  ])
  // No name in the store leads to half an image.
  expect(result.names).toEqual([])
  const opened = openStore(store)
  expect(opened.references.list()).toEqual([])
  opened.close()
})

test('a changed line on a big base costs its own bytes: nothing of the base is sent to another repository of the registry', async () => {
  const registry = await startRegistry()
  const base = `${registry.host}/base:1`
  const large = Buffer.alloc(8 << 20)
  for (let at = 0; at < large.length; at += 4) large.writeUInt32LE(Math.imul(at + 1, 2654435761) >>> 0, at)
  await build({
    context: new Map([['large', { content: large }]]),
    dockerfile: { text: 'FROM scratch\nCOPY large /\n' },
    store: temporaryDirectory(),
    tags: [base],
    outputs: [{ type: 'registry' }],
  })
  expect(registry.uploaded).toBeGreaterThan(8_000_000)
  const store = temporaryDirectory()
  const push = async (line: string): Promise<{ readonly sent: number; readonly own: number }> => {
    const before = registry.uploaded
    const { image } = await build({
      context: files({ 'app.txt': line }),
      dockerfile: { text: `FROM ${base}\nCOPY app.txt /\n` },
      store,
      tags: [`${registry.host}/team/app:1`],
      outputs: [{ type: 'registry' }],
    })
    const { layers, config } = image.manifest
    return { sent: registry.uploaded - before, own: (layers[1]?.size ?? 0) + config.size }
  }
  for (const line of ['one\n', 'two\n']) {
    const { sent, own } = await push(line)
    expect(sent).toBe(own)
    expect(sent).toBeLessThan(2000)
  }
  expect((await push('two\n')).sent).toBe(0)
})

test('a layer whose paths are known is not fetched again for a COPY', async () => {
  const { registry, base, image } = await withBase()
  const store = temporaryDirectory()
  const push = { store, tags: [`${registry.host}/app:1`], outputs: [{ type: 'registry' as const }] }
  await build(options(`FROM ${base}\nCOPY new.txt /a\n`, push))
  for (const { digest } of image.manifest.layers) rmSync(join(store, 'blobs/sha256', digest.slice(7)))
  registry.requests.length = 0
  await build(options(`FROM ${base}\nCOPY new.txt /b\n`, push))
  expect(blobRequests(registry)).toEqual([])
})

test('files of a remote image are copied, and its stages exported as files', async () => {
  const { base } = await withBase()
  const out = join(temporaryDirectory(), 'out')
  await build(
    options(`FROM scratch\nCOPY --from=${base} /etc/passwd /x/\n`, {
      store: temporaryDirectory(),
      outputs: [{ type: 'local', dest: out }],
    }),
  )
  expect(readFileSync(join(out, 'x/passwd'), 'utf8')).toBe('app:x:7:8::/:/bin/sh\n')
  const all = join(temporaryDirectory(), 'all')
  await build(options(`FROM ${base}\n`, { store: temporaryDirectory(), outputs: [{ type: 'local', dest: all }] }))
  expect(readFileSync(join(all, 'large'), 'utf8')).toHaveLength(100_000)
})

test('docker-image:// names a remote image too', async () => {
  const { base } = await withBase()
  const given = options('FROM mine\nCOPY new.txt /\n', {
    store: temporaryDirectory(),
    buildContexts: { mine: `docker-image://${base}` },
  })
  expect((await build(given)).image.config.config?.Env).toContain('A=1')
})

test('an image that is pulled is whole, named, and a base without the registry', async () => {
  const { registry, base, image } = await withBase()
  const store = openStore(temporaryDirectory())
  const first = await pullImage(store, base)
  expect(first).toMatchObject({ name: base, changed: true, descriptor: { digest: image.descriptor.digest } })
  expect(await pullImage(store, base)).toMatchObject({ fetched: 0, changed: false })
  expect((await resolveStored(store, base)).image.config.config?.Env).toContain('A=1')
  registry.fault = (_, response) => response.destroy() !== undefined
  const result = await build(options(`FROM ${base}\nCOPY new.txt /\n`, { store: store.root, pull: 'never' }))
  expect(result.image.layers).toHaveLength(3)
  // A pulled name keeps its meaning until the registry is asked again.
  const again = await build(options(`FROM ${base}\nCOPY new.txt /b\n`, { store: store.root }))
  expect(again.image.layers.slice(0, 2)).toEqual(result.image.layers.slice(0, 2))
  const asking = build(options(`FROM ${base}\nCOPY new.txt /c\n`, { store: store.root, pull: 'always' }))
  await expect(asking).rejects.toMatchObject({ code: 'HTTP_FAILED' })
  store.close()
})

test('an image of the store is pushed under any name', async () => {
  const registry = await startRegistry()
  const store = openStore(temporaryDirectory())
  await build(options('FROM scratch\nCOPY new.txt /\n', { store: store.root, tags: ['app'] }))
  const names = [`${registry.host}/a:1`, `${registry.host}/b`]
  const report = await pushImage(store, 'app', { names })
  expect(report).toMatchObject({ names: [names[0], `${names[1]}:latest`], blobs: { uploaded: 2, mounted: 2 } })
  await removeImage(store, 'app')
  await expect(pushImage(store, 'app')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  store.close()
})

test.each<[string, Partial<BuildOptions>, { code: string; message: RegExp; hint: RegExp; cause?: unknown }]>([
  [
    'a tag that is not there',
    {},
    {
      code: 'IMAGE_NOT_FOUND',
      message:
        /^image "127.*\/base:2" is not in the local store, and pulling "127.*\/base:2" failed: 127.* answered 404 Not Found: MANIFEST_UNKNOWN/,
      hint: /^check name and tag$/,
      cause: expect.objectContaining({ code: 'IMAGE_NOT_FOUND', message: expect.stringMatching(/^pulling /) }),
    },
  ],
  [
    'a name that nobody may be asked about',
    { pull: 'never' },
    { code: 'IMAGE_NOT_FOUND', message: /is not in the local store$/, hint: /tsbuild pull/ },
  ],
])('%s: the error shows the FROM line', async (_, more, { code, message, hint, cause }) => {
  const { registry } = await withBase()
  const given = options(`FROM scratch AS x\nFROM ${registry.host}/base:2\n`, { store: temporaryDirectory(), ...more })
  await expect(build(given)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
    location: { span: { start: 'FROM scratch AS x\n'.length } },
    ...(cause !== undefined && { cause }),
  })
})

test('credentials come from the user’s files, for a build too', async () => {
  const registry = await startRegistry({ auth: 'basic', user: 'u', password: 'p' })
  const auth = Buffer.from('u:p').toString('base64')
  vi.stubEnv('DOCKER_AUTH_CONFIG', JSON.stringify({ auths: { [registry.host]: { auth } } }))
  try {
    const tags = [`${registry.host}/app`]
    const pushed = await build(
      options('FROM scratch\nCOPY new.txt /\n', { tags, outputs: [{ type: 'registry' }], store: temporaryDirectory() }),
    )
    const store = temporaryDirectory()
    const again = await build(options(`FROM ${tags[0]}\n`, { store }))
    expect(again.image.manifest.layers).toEqual(pushed.image.manifest.layers)
  } finally {
    vi.unstubAllEnvs()
  }
})
