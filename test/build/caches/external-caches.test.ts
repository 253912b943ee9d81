// Builds that share nothing but a cache.
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../../lib/cache/store.ts'
import { encodeIndex, parseIndex } from '../../../lib/external-cache/index-format.ts'
import {
  type BuildEvent,
  type BuildOptions,
  type BuildResult,
  build,
  type CacheBackend,
  type CacheTarget,
  type Digest,
  type MemoryFile,
  resolveStored,
} from '../../../lib/index.ts'
import { digestPath } from '../../../lib/oci/digest.ts'
import { startRegistry, type TestRegistry } from '../../registry/test-registry.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const FILES = { large: 'x'.repeat(50_000), app: 'one\n', passwd: 'me:x:7:8::/:/bin/sh\n' }

const DOCKERFILE = `
FROM scratch AS tools
COPY large /tools/large
WORKDIR /tools/work
COPY app /tools/
FROM scratch
WORKDIR /srv
COPY passwd /etc/
COPY --chown=me app /srv/
COPY --from=tools /tools/large /srv/
`

interface Run extends BuildResult {
  readonly events: readonly BuildEvent[]
}

async function run(options: Partial<BuildOptions> = {}, files: Readonly<Record<string, string>> = FILES): Promise<Run> {
  const events: BuildEvent[] = []
  const context = new Map(Object.entries(files).map(([name, content]): [string, MemoryFile] => [name, { content }]))
  const store = temporaryDirectory()
  const onEvent = (event: BuildEvent): void => void events.push(event)
  return {
    ...(await build({ context, dockerfile: { text: DOCKERFILE }, store, onEvent, sourceDateEpoch: 1e9, ...options })),
    events,
  }
}

const warnings = ({ events }: Run): readonly string[] =>
  events.flatMap((event) => (event.type === 'warning' ? `${event.code} ${event.message}` : []))
const blobsMoved = ({ requests }: TestRegistry): readonly string[] =>
  requests.filter((line) => /^(?:GET|PUT|PATCH) .*\/blobs\//.test(line))
const all = (run: Run): boolean => run.steps.cached === run.steps.total

test('a build from a cache in a registry is the same image, and moves nothing but manifests', async () => {
  const registry = await startRegistry()
  const cache = { type: 'registry', ref: `${registry.host}/app:cache`, mode: 'max' } as const
  const push: Partial<BuildOptions> = {
    tags: [`${registry.host}/app:1`],
    outputs: [{ type: 'registry' }],
    cacheFrom: [{ type: 'registry', ref: cache.ref }],
    cacheTo: [cache],
  }
  const first = await run(push)
  expect(all(first)).toBe(false)
  registry.requests.length = 0
  registry.uploaded = 0
  const second = await run(push)
  expect(second.digest).toBe(first.digest)
  expect(all(second)).toBe(true)
  expect(registry.uploaded).toBe(0)
  // The index of the cache, before the build and before the export.
  expect(blobsMoved(registry)).toHaveLength(2)
})

test('a build from a cache that is kept in the store has all its layers', async () => {
  const registry = await startRegistry()
  const ref = `${registry.host}/app:cache`
  const first = await run({ cacheTo: [{ type: 'registry', ref, mode: 'max' }] })
  const store = temporaryDirectory()
  const second = await run({ store, tags: ['app:1'], cacheFrom: [{ type: 'registry', ref }] })
  expect([second.digest, all(second)]).toEqual([first.digest, true])
  const opened = openStore(store)
  const image = await resolveStored(opened, 'app:1')
  expect(image?.descriptor.digest).toBe(first.digest)
  for (const { descriptor } of second.image.layers) expect(opened.holds(descriptor)).toBe(true)
  opened.close()
  // Layers that came and were verified are hits without the cache, too.
  registry.requests.length = 0
  const third = await run({ store })
  expect(third.digest).toBe(first.digest)
  expect(third.steps.cached).toBe(4)
  expect(registry.requests).toEqual([])
})

test('what changed is built, and the rest comes from the cache', async () => {
  const dest = temporaryDirectory()
  await run({ cacheTo: [{ type: 'local', dest, mode: 'max' }] })
  const changed = { ...FILES, app: 'two\n' }
  const second = await run(
    { cacheFrom: [{ type: 'local', src: dest }], cacheTo: [{ type: 'local', dest, mode: 'max' }] },
    changed,
  )
  const reference = await run({}, changed)
  expect(second.steps.cached).toBeGreaterThan(0)
  expect(all(second)).toBe(false)
  expect(second.image.layers.map(({ diffID }) => diffID).slice(1)).toEqual(
    reference.image.layers.map(({ diffID }) => diffID).slice(1),
  )
  // Both results are in the cache now.
  for (const files of [FILES, changed])
    expect(all(await run({ cacheFrom: [{ type: 'local', src: dest }] }, files))).toBe(true)
})

test('mode=min has the steps of the result', async () => {
  const [min, max] = [temporaryDirectory(), temporaryDirectory()]
  await run({
    cacheTo: [
      { type: 'local', dest: min },
      { type: 'local', dest: max, mode: 'max' },
    ],
  })
  const count = (directory: string): number => readdirSync(join(directory, 'blobs/sha256')).length
  // Four layers, the index and the manifest; and the layers of the other stage.
  expect(count(min)).toBe(6)
  expect(count(max)).toBeGreaterThan(6)
})

test('an image holds an inline cache, by an option and by the build arg', async () => {
  const registry = await startRegistry()
  for (const [tag, options] of [
    ['option', { cacheTo: [{ type: 'inline' }] satisfies CacheTarget[] }],
    ['arg', { buildArgs: { BUILDKIT_INLINE_CACHE: '1' } }],
  ] as const) {
    const ref = `${registry.host}/app:${tag}`
    const first = await run({ ...options, tags: [ref], outputs: [{ type: 'registry' }] })
    const second = await run({ ...options, cacheFrom: [{ type: 'registry', ref }] })
    expect(second.digest).toBe(first.digest)
    const steps = second.events.filter((event) => event.type === 'completed' && event.cached)
    // The steps of the other stage are not in the image.
    expect(steps.length).toBeGreaterThanOrEqual(4)
    const plain = await run({ cacheFrom: [{ type: 'registry', ref }] })
    expect(plain.image.config).not.toHaveProperty(['tsbuild.cache.v1'])
  }
})

test('the values of build args are in no cache', async () => {
  const dest = temporaryDirectory()
  const text = 'FROM scratch AS a\nARG TOKEN\nWORKDIR /$TOKEN\nFROM scratch\nCOPY app /\n'
  await run({
    dockerfile: { text },
    buildArgs: { TOKEN: 'hunter2hunter2' },
    cacheTo: [{ type: 'local', dest, mode: 'max' }],
  })
  const backend = readdirSync(join(dest, 'blobs/sha256'))
  expect(backend.length).toBeGreaterThan(2)
  const { openLocalBackend } = await import('../../../lib/external-cache/backends/local-backend.ts')
  const index = await openLocalBackend({ directory: dest, reference: 'latest' }).read()
  expect(Buffer.from(index ?? []).toString()).not.toContain('hunter2')
})

test('a cache that is not there yet is no problem', async () => {
  const registry = await startRegistry()
  const cacheFrom = [
    { type: 'registry', ref: `${registry.host}/none:cache` },
    { type: 'local', src: join(temporaryDirectory(), 'none') },
  ] as const
  const result = await run({ cacheFrom })
  expect(warnings(result)).toEqual([])
})

test.each([
  ['damaged', (): Uint8Array => Buffer.from('{"version":1,"keyVersion":2,"builds":[],"records":[{}],"layers":[]}')],
  ['no JSON', (): Uint8Array => Buffer.from('hello')],
])('a cache that is %s is told, and the build goes on', async (_, bytes) => {
  const backend = { ...memoryBackend(), read: async () => bytes() }
  const result = await run({ cacheFrom: [{ type: 'backend', backend }] })
  expect(warnings(result)).toEqual([expect.stringContaining('CACHE_FAILED can\'t import the cache "memory"')])
})

test('a registry that refuses is told, and the build goes on', async () => {
  const registry = await startRegistry({ auth: 'basic', user: 'u', password: 'p' })
  const ref = `${registry.host}/app:cache`
  const result = await run({ cacheFrom: [{ type: 'registry', ref }], cacheTo: [{ type: 'registry', ref }], env: {} })
  expect(warnings(result)).toEqual([
    expect.stringContaining(`CACHE_FAILED can't import the cache "${ref}"`),
    expect.stringContaining(`CACHE_FAILED can't export to the cache "${ref}"`),
  ])
})

test('ignoreError: false makes an export that fails an error', async () => {
  const registry = await startRegistry({ auth: 'basic', user: 'u', password: 'p' })
  const target = { type: 'registry', ref: `${registry.host}/app:cache`, ignoreError: false } as const
  await expect(run({ cacheTo: [target], env: {} })).rejects.toThrow(expect.objectContaining({ code: 'CACHE_FAILED' }))
})

test('a cache of BuildKit is named as such', async () => {
  const dest = temporaryDirectory()
  await run({ cacheTo: [{ type: 'local', dest }] })
  const { openLayout } = await import('../../../lib/index.ts')
  const manifest = openLayout(dest).find('latest')
  const path = join(dest, digestPath(manifest.digest))
  const { sha256 } = await import('../../../lib/oci/digest.ts')
  const { readFileSync } = await import('node:fs')
  const text = readFileSync(path, 'utf8').replace('vnd.tsbuild.cache.index.v1+json', 'vnd.buildkit.cacheconfig.v0')
  const digest = sha256(text)
  writeFileSync(join(dest, digestPath(digest)), text)
  const index = readFileSync(join(dest, 'index.json'), 'utf8')
  const size = /"size":\d+/
  writeFileSync(join(dest, 'index.json'), index.replace(manifest.digest, digest).replace(size, `"size":${text.length}`))
  const result = await run({ cacheFrom: [{ type: 'local', src: dest }] })
  expect(warnings(result)).toEqual([expect.stringContaining('is a cache of BuildKit')])
})

test.each(['lost', 'damaged'])('a build goes on without a cache whose layers are %s', async (fault) => {
  const dest = temporaryDirectory()
  const reference = await run({ cacheTo: [{ type: 'local', dest, mode: 'max' }] })
  const held = new Set<Digest>(reference.image.manifest.layers.map(({ digest }) => digest))
  for (const digest of held) {
    const path = join(dest, digestPath(digest))
    rmSync(path)
    if (fault === 'damaged') writeFileSync(path, 'damaged')
  }
  const result = await run({ tags: ['app:1'], cacheFrom: [{ type: 'local', src: dest }] })
  expect(result.digest).toBe(reference.digest)
  expect(warnings(result)).toEqual([expect.stringContaining('the build starts again without imported caches')])
})

test("a backend of the program's own, and options that there aren't", async () => {
  const backend = memoryBackend()
  const first = await run({ cacheTo: [{ type: 'backend', backend, mode: 'max' }] })
  const second = await run({ cacheFrom: [{ type: 'backend', backend }] })
  expect([second.digest, all(second)]).toEqual([first.digest, true])
  const wrong = [{ type: 'registry', ref: 'a', moed: 'max' }] as unknown as CacheTarget[]
  await expect(run({ cacheTo: wrong })).rejects.toThrow(
    expect.objectContaining({ code: 'OPTION_UNKNOWN', message: 'there is no option "cacheTo[0].moed"' }),
  )
  await expect(run({ cacheTo: [{ type: 'gha' }] as unknown as CacheTarget[] })).rejects.toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  )
})

test('a cache that claims another layer for a step is found out when its files are read', async () => {
  const backend = memoryBackend()
  const reference = await run({ cacheTo: [{ type: 'backend', backend, mode: 'max' }] })
  const index = parseIndex(backend.index ?? new Uint8Array(), 'it')
  const [a, b] = index.layers
  if (!a || !b) throw new Error('no layers')
  backend.index = encodeIndex({
    ...index,
    layers: index.layers.map((layer) => ({ ...layer, encoding: layer.diffID === a.diffID ? b.encoding : a.encoding })),
  })
  const output = temporaryDirectory()
  const result = await run({ cacheFrom: [{ type: 'backend', backend }], outputs: [{ type: 'local', dest: output }] })
  expect(result.image.layers.map(({ diffID }) => diffID)).toEqual(reference.image.layers.map(({ diffID }) => diffID))
  expect(warnings(result)).toEqual([expect.stringContaining('the build starts again')])
})

function memoryBackend(): CacheBackend & { index: Uint8Array | undefined } {
  const blobs = new Map<Digest, Uint8Array>()
  return {
    name: 'memory',
    index: undefined,
    layers: {
      has: (digest) => blobs.has(digest),
      read: async ({ digest }) => blobs.get(digest) ?? new Uint8Array(),
      async *open({ digest }) {
        yield blobs.get(digest) ?? new Uint8Array()
      },
    },
    async read() {
      return this.index
    },
    async put(layer, from, signal) {
      const chunks: Uint8Array[] = []
      for await (const chunk of from.open(layer, signal)) chunks.push(Buffer.from(chunk))
      blobs.set(layer.digest, Buffer.concat(chunks))
      return layer.size
    },
    async write(index) {
      this.index = index
    },
  }
}
