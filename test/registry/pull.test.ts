import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import { readBody } from '../../lib/http/read-body.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { indexBytes } from '../../lib/oci/manifest.ts'
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../lib/oci/media-types.ts'
import { readImage } from '../../lib/oci/read-image.ts'
import { parseReference } from '../../lib/oci/reference.ts'
import type { Image } from '../../lib/oci/types.ts'
import { pullBlobs } from '../../lib/registry/pull/pull-blobs.ts'
import { openRepository } from '../../lib/registry/pull/repository.ts'
import { cut, serve } from '../http/server.ts'
import { memoryStore, putImage } from '../support/memory-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { registryClient, withUser } from './test-client.ts'
import { type Fault, fail, startRegistry, type TestRegistry, type TestRegistryOptions } from './test-registry.ts'

const linux = { os: 'linux', architecture: 'amd64' }
const big = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * at) % 253))

interface Setting {
  readonly registry: TestRegistry
  readonly image: Image
  readonly layer: string
}

/** A registry with `team/app:1`, an image of two layers. */
async function withImage(options: TestRegistryOptions = {}): Promise<Setting> {
  const registry = await startRegistry(options)
  const source = memoryStore()
  const image = putImage(source, [new Uint8Array(1024), big])
  await registry.add('team/app', '1', source, image.descriptor)
  return { registry, image, layer: image.layers[1]?.descriptor.digest ?? '' }
}

interface Pulled {
  readonly image: Image
  readonly bytes: number
  readonly waits: readonly number[]
  readonly blobs: readonly string[]
}

/** Pulls into a new store, and says what is in that afterwards, also after a failure. */
async function pull(
  name: string,
  env: Record<string, string> = {},
  left: { blobs?: readonly string[] } = {},
): Promise<Pulled> {
  const client = registryClient(env)
  const store = openStore(temporaryDirectory())
  try {
    const repository = openRepository(client, parseReference(name))
    const image = await readImage(repository, await repository.resolve(), linux)
    const bytes = await pullBlobs(store, repository, [...image.manifest.layers, image.manifest.config])
    return { image, bytes, waits: client.waits, blobs: listBlobs(store.root) }
  } finally {
    left.blobs = listBlobs(store.root)
    expect(readdirSync(join(store.root, 'tmp'))).toEqual([])
    store.close()
  }
}

function listBlobs(root: string): readonly string[] {
  try {
    return readdirSync(join(root, 'blobs/sha256'))
  } catch {
    return []
  }
}

test('an image comes with its layers, each once, none that are there', async () => {
  const { registry, image } = await withImage()
  const client = registryClient()
  const store = openStore(temporaryDirectory())
  const repository = openRepository(client, parseReference(`${registry.host}/team/app:1`))
  const found = await readImage(repository, await repository.resolve(), linux)
  expect(found.descriptor.digest).toBe(image.descriptor.digest)
  const wanted = [...image.manifest.layers, ...image.manifest.layers]
  const told: number[] = []
  const size = image.manifest.layers.reduce((sum, layer) => sum + layer.size, 0)
  expect(await pullBlobs(store, repository, wanted, { onProgress: (current) => told.push(current) })).toBe(size)
  expect(told.at(-1)).toBe(size)
  expect(await pullBlobs(store, repository, wanted)).toBe(0)
  const blobs = registry.requests.filter((line) => line.includes('/blobs/'))
  // The config, and each layer.
  expect(blobs).toHaveLength(3)
  store.close()
})

test.each(['1', 'sha', 'both'])('a name leads to its image by tag, by digest, and by both: %s', async (form) => {
  const { registry, image } = await withImage()
  const { digest } = image.descriptor
  const suffix = { 1: ':1', sha: `@${digest}`, both: `:whatever@${digest}` }[form]
  expect((await pull(`${registry.host}/team/app${suffix}`)).image.descriptor.digest).toBe(digest)
})

test('an index leads to the image of the platform, and says which there are', async () => {
  const registry = await startRegistry()
  const source = memoryStore()
  const images = ['amd64', 'arm64'].map((architecture) =>
    putImage(source, [Buffer.alloc(1024, architecture)], { platform: { os: 'linux', architecture } }),
  )
  const index = source.put(indexBytes(images.map((image) => image.descriptor)), OCI_INDEX)
  await registry.add('app', 'latest', source, index)
  const name = `${registry.host}/app`
  expect((await pull(name)).image.config.architecture).toBe('amd64')
  const repository = openRepository(registryClient(), parseReference(name))
  const s390x = { os: 'linux', architecture: 's390x' }
  await expect(readImage(repository, await repository.resolve(), s390x)).rejects.toMatchObject({
    code: 'PLATFORM_NOT_FOUND',
    hint: 'it has linux/amd64, linux/arm64',
  })
})

test("Docker's media types mean the same", async () => {
  const { registry } = await withImage()
  const { manifests } = registry.repository('team/app')
  const bytes = Buffer.from(
    String(manifests.get('1')?.bytes)
      .replaceAll(OCI_MANIFEST, DOCKER_MANIFEST)
      .replaceAll('vnd.oci.image.config.v1+json', 'vnd.docker.container.image.v1+json'),
  )
  manifests.set('1', { type: DOCKER_MANIFEST, bytes }).set(sha256(bytes), { type: DOCKER_MANIFEST, bytes })
  expect((await pull(`${registry.host}/team/app:1`)).image.manifest.mediaType).toBe(DOCKER_MANIFEST)
})

/** Answers by the fault each time that the path fits, at most so often. */
const times = (most: number, pattern: RegExp, fault: Fault): Fault => {
  let done = 0
  return (request, response, registry) =>
    pattern.test(`${request.method} ${request.url}`) && done++ < most && fault(request, response, registry)
}
const LAYER = /^GET .*\/blobs\//
const MANIFEST = /^(GET|HEAD) .*\/manifests\//
const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  (_, response) => {
    response.writeHead(code, headers).end()
    return true
  }

test.each<[string, (setting: Setting) => Fault, { waits: number }]>([
  ['429 with Retry-After', () => times(1, MANIFEST, status(429, { 'retry-after': '3' })), { waits: 1 }],
  [
    '429 with the date of a second ago',
    () => times(1, MANIFEST, status(429, { 'retry-after': new Date(Date.now() - 1000).toUTCString() })),
    { waits: 1 },
  ],
  ['503 at the start', () => times(3, /./, status(503)), { waits: 2 }],
  ['a reset', () => times(1, MANIFEST, ({ socket }) => socket.resetAndDestroy() !== undefined), { waits: 1 }],
  ['HEAD without a digest', () => times(1, /^HEAD/, status(200)), { waits: 0 }],
  ['HEAD that is not allowed', () => times(1, /^HEAD/, status(405)), { waits: 0 }],
  [
    'a layer that is cut twice',
    ({ registry, layer }) =>
      times(2, new RegExp(`^GET .*${layer}`), (request, response) => {
        const bytes = registry.repository('team/app').blobs.get(layer) ?? Buffer.alloc(0)
        const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
        response.statusCode = start > 0 ? 206 : 200
        response.setHeader('content-range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`)
        cut(response, bytes.subarray(start), 300)
        return true
      }),
    { waits: 2 },
  ],
  [
    'a layer that ends early without a word',
    ({ registry, layer }) =>
      times(1, new RegExp(`^GET .*${layer}`), (_, response) => {
        response.writeHead(200, { connection: 'close', 'transfer-encoding': 'identity' })
        response.end(registry.repository('team/app').blobs.get(layer)?.subarray(0, 100))
        return true
      }),
    { waits: 1 },
  ],
  [
    'a cut layer of a registry without Range',
    ({ registry, layer }) => {
      let first = true
      return times(2, new RegExp(`^GET .*${layer}`), (_, response) => {
        const bytes = registry.repository('team/app').blobs.get(layer) ?? Buffer.alloc(0)
        if (first) cut(response, bytes, 400)
        else response.end(bytes)
        first = false
        return true
      })
    },
    { waits: 1 },
  ],
  [
    'a layer spoilt on its way',
    ({ registry, layer }) =>
      times(1, new RegExp(`^GET .*${layer}`), (_, response) => {
        const bytes = Buffer.from(registry.repository('team/app').blobs.get(layer) ?? [])
        bytes.writeUInt8(bytes.readUInt8(50) ^ 1, 50)
        response.end(bytes)
        return true
      }),
    { waits: 0 },
  ],
])('%s is overcome', async (_, fault, { waits }) => {
  const setting = await withImage()
  setting.registry.fault = fault(setting)
  const pulled = await pull(`${setting.registry.host}/team/app:1`)
  expect(pulled.image.descriptor.digest).toBe(setting.image.descriptor.digest)
  expect(pulled.waits).toHaveLength(waits)
  expect(pulled.blobs).toHaveLength(3)
})

test.each<[string, (realm: string) => string | readonly string[]]>([
  ['Basic and Bearer in one header', (realm) => `Basic realm="x", Bearer realm="${realm}",service="test"`],
  ['Basic and Bearer in two', (realm) => ['Basic realm="x"', `Bearer realm="${realm}",service="test"`]],
  ['odd letters, no quotes', (realm) => `BEARER Realm=${realm} , Service=test`],
  ['no service and no scope', (realm) => `Bearer realm="${realm}"`],
  ['one that nobody knows before', (realm) => `Negotiate, Bearer realm="${realm}",error="invalid_token"`],
])('a challenge with %s is met', async (_, header) => {
  const { registry, image } = await withImage({ auth: 'bearer' })
  registry.fault = (request, response) => {
    if (request.headers.authorization || !request.url?.startsWith('/v2/team')) return false
    const value = header(`${registry.origin}/token`)
    response.setHeader('www-authenticate', typeof value === 'string' ? value : [...value])
    response.writeHead(401).end()
    return true
  }
  expect((await pull(`${registry.host}/team/app:1`)).image.descriptor.digest).toBe(image.descriptor.digest)
})

test('a token is asked for what the request needs, and for what else the registry wants', async () => {
  const { registry } = await withImage({ auth: 'bearer' })
  const scopes = 'repository:team/app:pull repository:other/app:pull registry:catalog:* repository:team/app:delete'
  const asked: (readonly string[])[] = []
  registry.fault = (request, response) => {
    const url = new URL(request.url ?? '', registry.origin)
    if (url.pathname === '/token') asked.push(url.searchParams.getAll('scope'))
    if (request.headers.authorization || !url.pathname.startsWith('/v2/team')) return false
    response.setHeader('www-authenticate', `Bearer realm="${registry.origin}/token",service="test",scope="${scopes}"`)
    response.writeHead(401).end()
    return true
  }
  await pull(`${registry.host}/team/app:1`)
  // A scope is asked for once, and the scopes of another repository are left out.
  expect(asked).toEqual([['repository:team/app:pull', 'registry:catalog:*', 'repository:team/app:delete']])
})

const spoil =
  (pattern: RegExp, body: string | Buffer, type: string, headers: Record<string, string> = {}): Fault =>
  (request, response) => {
    if (!pattern.test(`${request.method} ${request.url}`)) return false
    response.writeHead(200, { 'content-type': type, ...headers })
    response.end(request.method === 'HEAD' ? undefined : body)
    return true
  }

test.each<[string, (setting: Setting) => Fault, { code: string; message: RegExp; hint?: RegExp }]>([
  [
    'a tag that is not there',
    () =>
      times(9, MANIFEST, (_, response) => {
        fail(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown')
        return true
      }),
    {
      code: 'IMAGE_NOT_FOUND',
      message:
        /^pulling "127.*\/team\/app:1" failed: 127.* answered 404 Not Found: MANIFEST_UNKNOWN: manifest unknown$/,
    },
  ],
  [
    'a page of HTML',
    () => spoil(MANIFEST, '<html>sign in</html>', 'text/html; charset=utf-8'),
    { code: 'REGISTRY_INVALID', message: /answered with a page of HTML, not a manifest$/ },
  ],
  [
    'an error page of HTML',
    () =>
      times(9, MANIFEST, (_, response) => {
        response.writeHead(403, { 'content-type': 'text/html' }).end('<html>blocked</html>')
        return true
      }),
    {
      code: 'REGISTRY_AUTH',
      message: /answered 403 Forbidden$/,
      hint: /^asked for repository:team\/app:pull; there are no credentials for 127/,
    },
  ],
  [
    'an error page of HTML from a gateway',
    () =>
      times(99, MANIFEST, (_, response) => {
        response.writeHead(502, { 'content-type': 'text/html' }).end('<html>bad gateway</html>')
        return true
      }),
    { code: 'HTTP_STATUS', message: /answered 502 Bad Gateway$/, hint: /^the registry has a problem/ },
  ],
  [
    'a page of HTML for a layer',
    ({ layer }) => spoil(new RegExp(`^GET .*${layer}`), '<html>sign in</html>', 'text/html'),
    { code: 'HTTP_FAILED', message: /ended after 20 of \d+ bytes/ },
  ],
  [
    'a gigantic manifest that is not announced',
    () =>
      times(99, MANIFEST, (request, response) => {
        response.writeHead(200, { 'content-type': OCI_MANIFEST })
        if (request.method === 'HEAD') response.end()
        else for (let sent = 0; sent < 5; sent++) response.write(Buffer.alloc(1 << 20, ' '))
        return true
      }),
    { code: 'HTTP_FAILED', message: /has more than 4194304 bytes$/ },
  ],
  [
    'a config with other bytes',
    ({ registry, image }) => {
      const { digest, size } = image.manifest.config
      registry.repository('team/app').blobs.set(digest, Buffer.alloc(size, ' '))
      return () => false
    },
    { code: 'DIGEST_MISMATCH', message: /does not match its digest/ },
  ],
  [
    'a gigantic manifest',
    () => spoil(MANIFEST, Buffer.alloc((4 << 20) + 1, ' '), OCI_MANIFEST),
    { code: 'HTTP_FAILED', message: /has more than 4194304 bytes$/ },
  ],
  [
    'a manifest that is no JSON',
    () => spoil(MANIFEST, 'nonsense', OCI_MANIFEST),
    { code: 'MANIFEST_INVALID', message: /is not JSON/ },
  ],
  [
    'schema 1',
    () =>
      spoil(MANIFEST, '{"schemaVersion":1,"name":"x"}', 'application/vnd.docker.distribution.manifest.v1+prettyjws'),
    { code: 'UNSUPPORTED', message: /is of Docker's schema 1$/ },
  ],
  [
    'a manifest with another digest than announced',
    () => spoil(MANIFEST, '{"schemaVersion":2}', OCI_MANIFEST, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }),
    { code: 'DIGEST_MISMATCH', message: /does not match its digest/ },
  ],
  [
    'a layer that is always spoilt',
    ({ layer }) => spoil(new RegExp(`^GET .*${layer}`), 'x', 'application/octet-stream'),
    { code: 'HTTP_FAILED', message: /ended after 1 of \d+ bytes/ },
  ],
  [
    'a layer with other bytes',
    ({ registry, layer }) =>
      spoil(
        new RegExp(`^GET .*${layer}`),
        Buffer.alloc(registry.repository('team/app').blobs.get(layer)?.length ?? 0),
        'application/octet-stream',
      ),
    { code: 'DIGEST_MISMATCH', message: /does not match its digest/ },
  ],
  [
    'a layer that never ends',
    ({ layer }) =>
      (request, response) => {
        if (!`${request.url}`.endsWith(layer)) return false
        const more = (): void => {
          while (response.write(big)) {}
          response.once('drain', more)
        }
        more()
        return true
      },
    { code: 'DIGEST_MISMATCH', message: /wrong size: expected \d+ bytes, got at least/ },
  ],
  [
    'a layer that is not there',
    () =>
      times(9, LAYER, (_, response) => {
        fail(response, 404, 'BLOB_UNKNOWN', 'blob unknown')
        return true
      }),
    { code: 'BLOB_NOT_FOUND', message: /: blob sha256:\w+ failed: .* BLOB_UNKNOWN: blob unknown/ },
  ],
  [
    '429 to the end',
    () =>
      times(99, MANIFEST, (_, response) => {
        response.setHeader('retry-after', '1')
        fail(response, 429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit')
        return true
      }),
    {
      code: 'HTTP_STATUS',
      message: /answered 429 Too Many Requests: TOOMANYREQUESTS: You have reached/,
      hint: /log in with "tsbuild login 127/,
    },
  ],
  [
    '500 to the end',
    () => times(99, MANIFEST, status(500)),
    { code: 'HTTP_STATUS', message: /answered 500 Internal Server Error$/ },
  ],
  [
    'a 307 to what is not there',
    () =>
      times(99, LAYER, (_, response) => {
        response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()
        return true
      }),
    { code: 'HTTP_FAILED', message: /nothing listens there \(ECONNREFUSED\)$/ },
  ],
  [
    'a redirect in a circle',
    () =>
      times(99, LAYER, (request, response) => {
        response.writeHead(307, { location: request.url ?? '' }).end()
        return true
      }),
    { code: 'HTTP_FAILED', message: /more than 10 redirects$/ },
  ],
])('%s is one clear error, and nothing of it is kept', async (_, fault, expected) => {
  const setting = await withImage()
  setting.registry.fault = fault(setting)
  const left: { blobs?: readonly string[] } = {}
  const error = await pull(`${setting.registry.host}/team/app:1`, {}, left).catch((e: unknown) => e)
  expect(error).toMatchObject({ code: expected.code, message: expect.stringMatching(expected.message) })
  if (expected.hint) expect(error).toMatchObject({ hint: expect.stringMatching(expected.hint) })
  expect(left.blobs).not.toContain(setting.layer.slice(7))
})

test('a redirect to another origin brings the blob and takes no credentials along', async () => {
  const setting = await withImage({ auth: 'basic', user: 'u', password: 'p' })
  const { registry } = setting
  const seen: unknown[] = []
  const elsewhere = await serve((request, response) => {
    seen.push(request.headers.authorization)
    response.end(registry.repository('team/app').blobs.get(request.url?.slice(1) ?? ''))
  })
  registry.fault = (request, response) => {
    const digest = /\/blobs\/(sha256:\w+)$/.exec(request.url ?? '')?.[1]
    if (digest === undefined || !request.headers.authorization) return false
    response.writeHead(307, { location: `${elsewhere}/${digest}` }).end()
    return true
  }
  await pull(`${registry.host}/team/app:1`, withUser(registry.host, 'u', 'p'))
  // Two layers, and the config twice.
  expect(seen).toEqual([undefined, undefined, undefined, undefined])
})

test('where a redirect leads can not ask for credentials', async () => {
  const { registry } = await withImage({ auth: 'basic', user: 'u', password: 'p' })
  const heard: unknown[] = []
  const thief = await serve((request, response) => {
    heard.push([request.url?.split('?')[0], request.headers.authorization])
    const challenge = `Bearer realm="http://${request.headers.host}/token",service="x"`
    response.writeHead(401, { 'www-authenticate': challenge }).end()
  })
  registry.fault = (request, response) => {
    if (!request.url?.includes('/blobs/') || !request.headers.authorization) return false
    response.writeHead(307, { location: `${thief}/blob` }).end()
    return true
  }
  const pulling = pull(`${registry.host}/team/app:1`, withUser(registry.host, 'u', 'p'))
  await expect(pulling).rejects.toMatchObject({ code: 'REGISTRY_AUTH' })
  expect(heard).toEqual([['/blob', undefined]])
})

test.each<[string, TestRegistryOptions, Record<string, string> | undefined, number]>([
  ['Basic', { auth: 'basic', user: 'u', password: 'p:w' }, { u: 'p:w' }, 0],
  ['tokens for anybody', { auth: 'bearer' }, undefined, 1],
  ['tokens for a user', { auth: 'bearer', user: 'u', password: 'p' }, { u: 'p' }, 1],
])('%s: asked once, then known', async (_, options, user, tokens) => {
  const { registry, image } = await withImage(options)
  const [[name, password] = []] = Object.entries(user ?? {})
  const env = name === undefined ? {} : withUser(registry.host, name, password ?? '')
  expect((await pull(`${registry.host}/team/app:1`, env)).image.descriptor.digest).toBe(image.descriptor.digest)
  expect(registry.requests.filter((line) => line.includes('/token'))).toHaveLength(tokens)
  expect(registry.requests.filter((line) => line.startsWith('HEAD'))).toHaveLength(2)
})

test('a token that is refused later is renewed, in the middle of a pull', async () => {
  const { registry } = await withImage({ auth: 'bearer' })
  const client = registryClient()
  const repository = openRepository(client, parseReference(`${registry.host}/team/app:1`))
  const descriptor = await repository.resolve()
  registry.revoke()
  await readImage(repository, descriptor, linux)
  expect(registry.requests.filter((line) => line.includes('/token'))).toHaveLength(2)
})

test.each<[string, TestRegistryOptions, (host: string) => Record<string, string>, RegExp, RegExp]>([
  [
    'no credentials',
    { auth: 'basic', user: 'u', password: 'p' },
    () => ({}),
    /answered 401 Unauthorized/,
    /^asked for repository:team\/app:pull; there are no credentials for 127[\d.:]+: try "tsbuild login 127/,
  ],
  [
    'wrong ones',
    { auth: 'basic', user: 'u', password: 'p' },
    (host) => withUser(host, 'u', 's3cret'),
    /answered 401 Unauthorized: UNAUTHORIZED: authentication required$/,
    /the credentials of user "u" came from \$DOCKER_AUTH_CONFIG \("127/,
  ],
  [
    'wrong ones for a token',
    { auth: 'bearer', user: 'u', password: 'p' },
    (host) => withUser(host, 'u', 's3cret'),
    /\/token\?… gives no token for repository:team\/app:pull: 401 Unauthorized/,
    /the credentials of user "u" came from/,
  ],
])('%s: the error says what was shown, never the secret', async (_, options, env, message, hint) => {
  const { registry } = await withImage(options)
  const error = await pull(`${registry.host}/team/app:1`, env(registry.host)).catch((e: unknown) => e)
  expect(error).toMatchObject({
    code: 'REGISTRY_AUTH',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  })
  expect(JSON.stringify([error, String(error)])).not.toMatch(/s3cret|dTpzM2NyZXQ/)
})

test.each([
  ['no realm', 'Bearer service="x"', /asks for a token from "", which is no URL$/],
  ['a realm that is a path', 'Bearer realm="/token"', /asks for a token from "\/token", which is no URL$/],
  ['a file', 'Bearer realm="file:///etc/passwd"', /which is no URL$/],
])('a challenge with %s is refused', async (_, header, message) => {
  const { registry } = await withImage()
  registry.fault = (request, response) => {
    if (!request.url?.includes('manifests')) return false
    response.writeHead(401, { 'www-authenticate': header }).end()
    return true
  }
  await expect(pull(`${registry.host}/team/app:1`)).rejects.toMatchObject({
    code: 'REGISTRY_INVALID',
    message: expect.stringMatching(message),
  })
})

test.each([
  ['none', undefined],
  ['an unknown one', 'Negotiate'],
  ['nonsense', '"""==,,'],
])('a 401 with a challenge that is %s is a denial', async (_, header) => {
  const { registry } = await withImage()
  registry.fault = (request, response) => {
    if (!request.url?.includes('manifests')) return false
    response.writeHead(401, header === undefined ? {} : { 'www-authenticate': header }).end()
    return true
  }
  await expect(pull(`${registry.host}/team/app:1`)).rejects.toMatchObject({ code: 'REGISTRY_AUTH' })
})

test.each([
  ['no JSON', 'nonsense', /is not JSON/],
  ['no token in it', '{}', /has no token$/],
  ['a token that would break a header', '{"token":"a\\r\\nx: y"}', /has no token$/],
  ['too much of it', ' '.repeat((1 << 20) + 1), /has more than 1048576 bytes$/],
])('a token answer with %s is an error', async (_, body, message) => {
  const { registry } = await withImage({ auth: 'bearer' })
  registry.fault = (request, response) => {
    if (!request.url?.startsWith('/token')) return false
    response.end(body)
    return true
  }
  await expect(pull(`${registry.host}/team/app:1`)).rejects.toMatchObject({ message: expect.stringMatching(message) })
})

test('a body is read without the registry too', async () => {
  const registry = await startRegistry()
  const client = registryClient()
  const repository = { domain: registry.host, path: '' }
  const response = await client.request({ repository, path: '', actions: 'pull' })
  expect(String(await readBody(response, 10))).toBe('{}')
  expect(await client.origin(repository)).toBe(registry.origin)
})
