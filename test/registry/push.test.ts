import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import { imageBlobs } from '../../lib/oci/image-blobs.ts'
import { indexBytes } from '../../lib/oci/manifest.ts'
import { OCI_INDEX } from '../../lib/oci/media-types.ts'
import { parseReference } from '../../lib/oci/reference.ts'
import type { Descriptor, Image } from '../../lib/oci/types.ts'
import { pushBlob } from '../../lib/registry/push/push-blob.ts'
import { type PushOptions, type PushReport, pushImage } from '../../lib/registry/push/push-image.ts'
import { serve } from '../http/server.ts'
import { type MemoryStore, memoryStore, putImage } from '../support/memory-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { registryClient, type TestRegistryClient, withUser } from './test-client.ts'
import { type Fault, fail, startRegistry, type TestRegistry, type TestRegistryOptions } from './test-registry.ts'

// Does not shrink, so that it is of more than one part where the limit is low.
const noise = Buffer.from(Array.from({ length: 60_000 }, (_, at) => (at * 7919 + ((at * at) >> 3)) & 255))

interface Setting {
  readonly registry: TestRegistry
  readonly store: MemoryStore
  readonly image: Image
  readonly client: TestRegistryClient
}

async function setting(options: TestRegistryOptions = {}, env: Record<string, string> = {}): Promise<Setting> {
  const store = memoryStore()
  const registry = await startRegistry(options)
  return { registry, store, image: putImage(store, [new Uint8Array(1024), noise]), client: registryClient(env) }
}

function push(
  { registry, store, image, client }: Setting,
  names: readonly string[],
  options: Partial<PushOptions> = {},
  descriptor: Descriptor = image.descriptor,
): Promise<PushReport> {
  const references = names.map((name) => parseReference(`${registry.host}/${name}`))
  return pushImage(descriptor, references, { client, reader: store, ...options })
}

/** Uploads that bytes were sent to, and that are neither ended nor given up. */
function forgotten({ pendingUploads, requests }: TestRegistry): readonly string[] {
  return pendingUploads.filter((id) => requests.some((line) => /^(PUT|PATCH)/.test(line) && line.includes(`/${id}?`)))
}

const sizeOf = (image: Image): number =>
  [...image.manifest.layers, image.manifest.config].reduce((sum, { size }) => sum + size, 0)

test('a push sends each blob once, and nothing the second time', async () => {
  const given = await setting()
  const told: number[] = []
  const first = await push(given, ['team/app:1', 'team/app:latest'], { onProgress: (current) => told.push(current) })
  const size = sizeOf(given.image)
  expect(first).toEqual({
    names: [`${given.registry.host}/team/app:1`, `${given.registry.host}/team/app:latest`],
    digest: given.image.descriptor.digest,
    blobs: { there: 0, mounted: 0, uploaded: 3 },
    uploaded: size,
  })
  expect(given.registry.uploaded).toBe(size)
  expect(told.at(-1)).toBe(size)
  const { manifests } = given.registry.repository('team/app')
  expect(manifests.get('1')).toEqual(manifests.get('latest'))
  expect((await push(given, ['team/app:2'])).blobs).toEqual({ there: 3, mounted: 0, uploaded: 0 })
  expect(given.registry.uploaded).toBe(size)
})

test('blobs of another repository of the registry are mounted, and uploaded where that does not work', async () => {
  const given = await setting()
  await push(given, ['base:1'])
  const { uploaded } = given.registry
  const mounts = (): { domain: string; path: string }[] => [
    { domain: 'other.invalid', path: 'base' },
    { domain: given.registry.host, path: 'base' },
  ]
  expect((await push(given, ['team/app:1'], { mounts })).blobs).toEqual({ there: 0, mounted: 3, uploaded: 0 })
  expect(given.registry.uploaded).toBe(uploaded)

  for (const status of [401, 403, 404, 405]) {
    given.registry.fault = (request, response) => {
      if (!request.url?.includes('mount=')) return false
      response.writeHead(status).end()
      return true
    }
    const name = `no-mount-${status}`
    expect((await push(given, [`${name}:1`], { mounts })).blobs, name).toEqual({ there: 0, mounted: 0, uploaded: 3 })
  }
})

test('an upload that the registry starts in place of a mount is used', async () => {
  const given = await setting()
  const mounts = (): { domain: string; path: string }[] => [{ domain: given.registry.host, path: 'empty' }]
  expect((await push(given, ['app:1'], { mounts })).blobs.uploaded).toBe(3)
  const posts = given.registry.requests.filter((line) => line.startsWith('POST'))
  expect(posts).toHaveLength(3)
  for (const line of posts) expect(line).toContain('mount=')
  expect(given.registry.pendingUploads).toEqual([])
})

test('an upload that turns out not to be needed is given up', async () => {
  const given = await setting()
  await push(given, ['base:1'])
  const { host } = given.registry
  const mounts = (): { domain: string; path: string }[] => ['empty', 'base'].map((path) => ({ domain: host, path }))
  expect((await push(given, ['app:1'], { mounts })).blobs.mounted).toBe(3)
  expect(given.registry.requests.filter((line) => line.startsWith('DELETE'))).toHaveLength(3)
  expect(given.registry.pendingUploads).toEqual([])
})

test('a token for a mount is for both repositories', async () => {
  const store = memoryStore()
  const registry = await startRegistry({ auth: 'bearer' })
  const given = { registry, store, image: putImage(store, [noise]), client: registryClient() }
  await push(given, ['base:1'])
  registry.requests.length = 0
  const mounts = () => [{ domain: registry.host, path: 'base' }]
  expect((await push(given, ['app:1'], { mounts })).blobs.mounted).toBe(2)
  const scopes = registry.requests
    .filter((line) => line.includes('/token'))
    .map((line) => new URL(line.slice(4), registry.origin).searchParams.getAll('scope'))
  expect(scopes).toContainEqual(['repository:app:pull,push', 'repository:base:pull'])
})

test('a second repository of one push is mounted from the first', async () => {
  const given = await setting()
  expect((await push(given, ['a:1', 'b:1'])).blobs).toEqual({ there: 0, mounted: 3, uploaded: 3 })
})

test('an index is pushed with its images, they first', async () => {
  const given = await setting()
  const other = putImage(given.store, [Buffer.alloc(512, 'x')], { platform: { os: 'linux', architecture: 'arm64' } })
  const index = given.store.put(indexBytes([given.image.descriptor, other.descriptor]), OCI_INDEX)
  await push(given, ['app:1'], {}, index)
  const puts = given.registry.requests.filter((line) => line.startsWith('PUT') && line.includes('/manifests/'))
  expect(puts.map((line) => line.split('/').at(-1))).toEqual([
    given.image.descriptor.digest,
    other.descriptor.digest,
    '1',
  ])
  given.store.blobs.delete(other.descriptor.digest)
  await expect(push(given, ['app:2'], {}, index)).rejects.toMatchObject({
    code: 'IMAGE_INVALID',
    message: expect.stringMatching(/is not all here: linux\/arm64 is missing$/),
  })
})

test('a name with a digest pushes by digest, if it is the right one', async () => {
  const given = await setting()
  const { digest } = given.image.descriptor
  await push(given, [`app@${digest}`])
  expect(given.registry.requests.at(-1)).toBe(`PUT /v2/app/manifests/${digest}`)
  await expect(push(given, [`app@sha256:${'0'.repeat(64)}`])).rejects.toMatchObject({ code: 'REFERENCE_INVALID' })
})

test.each<[string, TestRegistryOptions]>([
  ['Basic', { auth: 'basic', user: 'u', password: 'p' }],
  ['tokens', { auth: 'bearer', user: 'u', password: 'p' }],
])('a push with %s, also when the token is revoked on the way', async (_, options) => {
  const store = memoryStore()
  const registry = await startRegistry(options)
  const client = registryClient(withUser(registry.host, 'u', 'p'))
  const given = { registry, store, client, image: putImage(store, [noise]) }
  let revoked = false
  registry.fault = (request) => {
    if (request.method === 'PUT' && !revoked) {
      revoked = true
      registry.revoke()
    }
    return false
  }
  expect((await push(given, ['team/app:1'])).blobs.uploaded).toBe(2)
})

test('a push without the right to says who was shown, and what was asked', async () => {
  const store = memoryStore()
  const registry = await startRegistry({ auth: 'bearer', user: 'u', password: 'p' })
  const given = { registry, store, client: registryClient(), image: putImage(store, [noise]) }
  await expect(push(given, ['team/app:1'])).rejects.toMatchObject({
    code: 'REGISTRY_AUTH',
    message: expect.stringMatching(/gives no token for repository:team\/app:pull,push: 401 Unauthorized/),
    hint: expect.stringMatching(/^there are no credentials for 127[\d.:]+: try "tsbuild login 127/),
  })
})

const once = (pattern: RegExp, fault: Fault, times = 1): Fault => {
  let done = 0
  return (request, response, registry) =>
    pattern.test(`${request.method} ${request.url}`) && done++ < times && fault(request, response, registry)
}
const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  (request, response) => {
    request.resume()
    response.writeHead(code, headers).end()
    return true
  }
const UPLOAD = /^PUT .*\/blobs\/uploads\//

test.each<[string, TestRegistryOptions, Fault | undefined, number]>([
  ['an upload that is cut', {}, once(UPLOAD, ({ socket }) => socket.resetAndDestroy() !== undefined), 1],
  ['503 for an upload', {}, once(UPLOAD, status(503)), 1],
  ['429 for an upload', {}, once(UPLOAD, status(429, { 'retry-after': '2' })), 1],
  ['an upload that is forgotten', {}, once(UPLOAD, status(404)), 1],
  [
    'parts that are cut',
    {},
    once(/^(PUT|PATCH) .*\/uploads\//, ({ socket }) => socket.resetAndDestroy() !== undefined, 2),
    2,
  ],
  ['a start that fails', {}, once(/^POST/, status(500)), 1],
  ['a manifest that fails', {}, once(/^PUT .*\/manifests\//, status(502)), 1],
  ['HEAD that fails', {}, once(/^HEAD/, status(405)), 0],
])('%s is overcome', async (_, options, fault, waits) => {
  const given = await setting(options)
  given.registry.fault = fault
  expect((await push(given, ['app:1'])).blobs.uploaded).toBe(3)
  expect(given.client.waits).toHaveLength(waits)
  const { blobs } = given.registry.repository('app')
  for (const layer of given.image.manifest.layers) expect(blobs.get(layer.digest)).toHaveLength(layer.size)
})

const LARGE = 20 << 20
const MIB = 1 << 20

interface LargePush {
  readonly registry: TestRegistry
  readonly client: TestRegistryClient
  /** Sizes of the parts that came. */
  readonly parts: readonly number[]
  /** Pushes a layer of 20 MiB, and gives the bytes that it counted. */
  run(): Promise<number>
}

/** `fault` sees the parts, by their number. */
async function largePush(
  options: TestRegistryOptions,
  fault: (part: number, ...of: Parameters<Fault>) => boolean = () => false,
): Promise<LargePush> {
  const store = memoryStore()
  const large = Buffer.alloc(LARGE)
  for (let at = 0; at < LARGE; at += 4) large.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at)
  const layer = store.put(large, 'application/vnd.oci.image.layer.v1.tar')
  const registry = await startRegistry(options)
  const client = registryClient()
  const parts: number[] = []
  registry.fault = (request, ...rest) => {
    if (request.method !== 'PATCH' || request.headers['x-test'] !== undefined) return false
    parts.push(Number(request.headers['content-length']))
    return fault(parts.length, request, ...rest)
  }
  const run = async (): Promise<number> => {
    const target = { client, repository: { domain: registry.host, path: 'app' }, doing: 'pushing', signal: undefined }
    let sent = 0
    const count = (bytes: number): void => {
      sent += bytes
    }
    expect(await pushBlob(layer, { reader: store, mounts: [], count }, target)).toBe('uploaded')
    expect(registry.repository('app').blobs.get(layer.digest)).toHaveLength(LARGE)
    return sent
  }
  return { registry, client, parts, run }
}

test('what is too much at once goes in parts, without a wait, and from where the registry stands', async () => {
  const given = await largePush({ bodyLimit: 9 * MIB }, (part, request, response) => {
    // The second part arrives, but nobody hears of it.
    if (part !== 2) return false
    response.writeHead = (): never => {
      request.socket.resetAndDestroy()
      throw new Error('cut')
    }
    return false
  })
  expect(await given.run()).toBe(LARGE)
  expect(given.parts).toEqual([8 * MIB, 8 * MIB, 4 * MIB])
  expect(given.client.waits).toHaveLength(1)
})

test('a part that is cut in the middle goes on with what the registry lacks', async () => {
  const given = await largePush({ bodyLimit: 9 * MIB }, (part, request) => {
    if (part !== 2) return false
    const half = async (): Promise<void> => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      await fetch(`${given.registry.origin}${request.url}`, {
        method: 'PATCH',
        headers: { 'content-range': `${8 * MIB}-${11 * MIB - 1}`, 'x-test': 'half' },
        body: Buffer.concat(chunks).subarray(0, 3 * MIB),
      })
      request.socket.resetAndDestroy()
    }
    void half()
    return true
  })
  expect(await given.run()).toBe(LARGE)
  expect(given.parts).toEqual([8 * MIB, 8 * MIB, 5 * MIB, 4 * MIB])
  expect(given.registry.uploaded).toBe(LARGE)
  expect(given.registry.requests.filter((line) => /^GET .*uploads/.test(line))).toHaveLength(1)
})

test('parts are no smaller than OCI-Chunk-Min-Length, but for the last', async () => {
  const given = await largePush({ bodyLimit: 10 * MIB, leastPart: 9 * MIB })
  await given.run()
  expect(given.parts).toEqual([9 * MIB, 9 * MIB, 2 * MIB])
})

test.each<[string, Fault, string, RegExp]>([
  [
    'a denial',
    once(
      /^POST/,
      (_, response) => {
        fail(response, 403, 'DENIED', 'requested access to the resource is denied')
        return true
      },
      99,
    ),
    'REGISTRY_AUTH',
    /^pushing "127.*\/app:1" failed: 127.* answered 403 Forbidden: DENIED: requested access/,
  ],
  [
    'an upload without a place',
    once(/^POST/, status(202), 99),
    'REGISTRY_INVALID',
    /started an upload without saying where to$/,
  ],
  [
    'an error page of HTML',
    once(
      /^POST/,
      (request, response) => {
        request.resume()
        response.writeHead(502, { 'content-type': 'text/html' }).end('<html>bad gateway</html>')
        return true
      },
      99,
    ),
    'HTTP_STATUS',
    /answered 502 Bad Gateway$/,
  ],
  [
    'a blob that arrives as another',
    once(
      UPLOAD,
      (request, response) => {
        request.resume()
        request.on('end', () => fail(response, 400, 'DIGEST_INVALID', 'provided digest did not match'))
        return true
      },
      99,
    ),
    'HTTP_STATUS',
    /answered 400 Bad Request: DIGEST_INVALID: provided digest did not match$/,
  ],
  ['500 to the end', once(UPLOAD, status(500), 99), 'HTTP_STATUS', /answered 500 Internal Server Error$/],
  ['too much, however little it is', once(/^(PUT|PATCH) .*uploads/, status(413), 99), 'HTTP_STATUS', /answered 413/],
  [
    'a manifest that is stored as another',
    once(/^PUT .*manifests/, status(201, { 'docker-content-digest': `sha256:${'1'.repeat(64)}` })),
    'DIGEST_MISMATCH',
    /stored sha256:1+ for sha256/,
  ],
  [
    'a manifest that is refused',
    once(/^PUT .*manifests/, (_, response) => {
      fail(response, 400, 'MANIFEST_INVALID', 'manifest invalid')
      return true
    }),
    'HTTP_STATUS',
    /answered 400 Bad Request: MANIFEST_INVALID: manifest invalid$/,
  ],
])('%s is one clear error', async (_, fault, code, message) => {
  const given = await setting()
  given.registry.fault = fault
  await expect(push(given, ['app:1'])).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  expect(given.registry.repository('app').manifests.size).toBe(0)
  expect(forgotten(given.registry)).toEqual([])
})

test('an upload to another origin gets no credentials', async () => {
  const store = memoryStore()
  const registry = await startRegistry({ auth: 'basic', user: 'u', password: 'p' })
  const seen: unknown[] = []
  const elsewhere = await serve((request, response) => {
    seen.push([request.url, request.headers.authorization])
    request.resume().on('end', () => response.writeHead(201).end())
  })
  registry.fault = (request, response) => {
    if (request.method !== 'POST' || !request.headers.authorization) return false
    response.writeHead(202, { location: `${elsewhere}/up?sig=a%2Fb` }).end()
    return true
  }
  const image = putImage(store, [noise])
  const given = { registry, store, image, client: registryClient(withUser(registry.host, 'u', 'p')) }
  await expect(push(given, ['app:1'])).rejects.toMatchObject({ code: 'HTTP_STATUS' })
  expect(seen).toHaveLength(2)
  for (const [url, authorization] of seen as [string, unknown][]) {
    expect(url).toMatch(/^\/up\?sig=a%2Fb&digest=sha256%3A\w+$/)
    expect(authorization).toBeUndefined()
  }
})

test('an abort stops a push, and gives up its uploads', async () => {
  const given = await setting()
  const controller = new AbortController()
  const reason = new Error('enough')
  given.registry.fault = (request) => {
    if (request.method === 'PUT') controller.abort(reason)
    return request.method === 'PUT'
  }
  await expect(push(given, ['app:1'], { signal: controller.signal })).rejects.toBe(reason)
  expect(given.registry.requests.some((line) => line.startsWith('DELETE'))).toBe(true)
  expect(forgotten(given.registry)).toEqual([])
})

test('a blob that was damaged here is found when the registry refuses it, and told as that', async () => {
  const { registry, store: source, image, client } = await setting()
  const store = openStore(temporaryDirectory())
  onTestFinished(() => store.close())
  for (const blob of await imageBlobs(source, image.descriptor)) await store.copyBlob(source, blob)
  const digest = image.layers[1]?.descriptor.digest ?? image.descriptor.digest
  const path = store.path(digest)
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100)
  chmodSync(path, 0o644)
  writeFileSync(path, bytes)
  const push = pushImage(image.descriptor, [parseReference(`${registry.host}/app:1`)], { client, reader: store })
  await expect(push).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
    message: expect.stringMatching(/was damaged and has been removed$/),
    cause: expect.objectContaining({ code: 'DIGEST_MISMATCH', message: expect.stringContaining(digest) }),
  })
  expect(store.has(digest)).toBe(false)
  expect(registry.repository('app').blobs.has(digest)).toBe(false)
  expect(registry.repository('app').manifests.size).toBe(0)
})
