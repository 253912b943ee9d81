import { describe, expect, test } from 'vitest'
import { listReferrers, listTags } from '../../lib/index.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../../lib/oci/media-types.ts'
import { parseReference } from '../../lib/oci/reference.ts'
import type { Descriptor, Digest, Image } from '../../lib/oci/types.ts'
import { referrersTag } from '../../lib/registry/pull/fetch-referrers.ts'
import { pushImage } from '../../lib/registry/push/push-image.ts'
import { type MemoryStore, memoryStore, putImage } from '../support/memory-store.ts'
import { registryClient } from './test-client.ts'
import { type Fault, fail, startRegistry, type TestRegistry, type TestRegistryOptions } from './test-registry.ts'

const env = { HOME: '/nonexistent' }

interface Setting {
  readonly registry: TestRegistry
  readonly name: string
  readonly image: Image
  /** Pushes an artifact about the image, and gives its digest. */
  refer(artifactType: string | undefined, more?: Record<string, unknown>): Promise<Digest>
}

async function setting(options: TestRegistryOptions = {}): Promise<Setting> {
  const registry = await startRegistry(options)
  const store = memoryStore()
  const image = putImage(store, [new Uint8Array(1024)])
  await registry.add('app', '1', store, image.descriptor)
  const client = registryClient()
  return {
    registry,
    name: `${registry.host}/app:1`,
    image,
    refer: async (artifactType, more) => {
      const descriptor = putArtifact(store, image.descriptor, artifactType, more)
      const reference = parseReference(`${registry.host}/app@${descriptor.digest}`)
      await pushImage(descriptor, [reference], { client, reader: store })
      return descriptor.digest
    },
  }
}

function putArtifact(
  store: MemoryStore,
  { mediaType, digest, size }: Descriptor,
  artifactType: string | undefined,
  more: Record<string, unknown> = {},
): Descriptor {
  const config = store.put(Buffer.from('{}'), 'application/vnd.example.config')
  const subject = { mediaType, digest, size }
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType, config, layers: [], subject, ...more }
  return store.put(Buffer.from(JSON.stringify(manifest)), OCI_MANIFEST)
}

const API: TestRegistryOptions = { referrers: true }

describe.each<[string, TestRegistryOptions]>([
  ['with the referrers API', API],
  ['that does not filter', { referrers: 'unfiltered' }],
  ['that gives the list in pages', { referrers: true, pageSize: 1 }],
  ['without the API, by the referrers tag', {}],
])('a registry %s', (_, options) => {
  test('lists what was pushed with a subject, with types and annotations', async () => {
    const { name, image, refer } = await setting(options)
    expect(await listReferrers(name, { env })).toEqual({
      name,
      subject: image.descriptor.digest,
      manifests: [],
    })
    const sbom = await refer('application/sbom', { annotations: { a: 'b' } })
    const untyped = await refer(undefined)
    // Pushing it again changes nothing.
    await refer('application/sbom', { annotations: { a: 'b' } })
    const { manifests } = await listReferrers(name, { env })
    expect(manifests).toMatchObject([
      { mediaType: OCI_MANIFEST, digest: sbom, artifactType: 'application/sbom', annotations: { a: 'b' } },
      { mediaType: OCI_MANIFEST, digest: untyped, artifactType: 'application/vnd.example.config' },
    ])
    const filtered = await listReferrers(name, { artifactType: 'application/sbom', env })
    expect(filtered.manifests.map(({ digest }) => digest)).toEqual([sbom])
  })
})

test('a registry that answers with OCI-Subject gets no list by tag', async () => {
  const { registry, image, refer } = await setting(API)
  await refer('application/sbom')
  expect(registry.repository('app').manifests.has(referrersTag(image.descriptor.digest))).toBe(false)
})

test('the list by tag keeps what others put there', async () => {
  const { registry, image, refer } = await setting()
  const tag = referrersTag(image.descriptor.digest)
  const other = { mediaType: OCI_MANIFEST, digest: sha256('other'), size: 5, artifactType: 'x/y' }
  const list = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [other], annotations: { kept: 'yes' } }
  const { manifests } = registry.repository('app')
  manifests.set(other.digest, { type: OCI_MANIFEST, bytes: Buffer.from('other') })
  manifests.set(tag, { type: OCI_INDEX, bytes: Buffer.from(JSON.stringify(list)) })
  const sbom = await refer('application/sbom')
  const stored = JSON.parse(manifests.get(tag)?.bytes.toString() ?? '')
  expect(stored).toMatchObject({ annotations: { kept: 'yes' }, manifests: [other, { digest: sbom }] })
})

test('a referrers tag that names an image means that nothing refers, and is not overwritten', async () => {
  const { registry, name, image, refer } = await setting()
  const { manifests } = registry.repository('app')
  const named = manifests.get('1')
  if (named) manifests.set(referrersTag(image.descriptor.digest), named)
  expect((await listReferrers(name, { env })).manifests).toEqual([])
  await expect(refer('application/sbom')).rejects.toMatchObject({
    code: 'REGISTRY_INVALID',
    message: expect.stringMatching(/app:sha256-\w{64}, the list of what refers to sha256:\w{64}, is not an index$/),
  })
  expect(manifests.get(referrersTag(image.descriptor.digest))).toBe(named)
})

test('the referrers tag is the digest, cut to 64 digits', () => {
  expect(referrersTag(`sha256:${'ab'.repeat(32)}`)).toBe(`sha256-${'ab'.repeat(32)}`)
  expect(referrersTag(`sha512:${'ab'.repeat(64)}`)).toBe(`sha512-${'ab'.repeat(32)}`)
})

const answer =
  (status: number, body: string, headers: Record<string, string> = {}): Fault =>
  (request, response) => {
    if (!/\/(referrers|tags)\//.test(request.url ?? '')) return false
    response.writeHead(status, headers).end(body)
    return true
  }

test.each([404, 405, 400, 501])('%d for the API means the referrers tag', async (status) => {
  const { registry, name, refer } = await setting()
  const sbom = await refer('application/sbom')
  registry.fault = answer(status, '')
  expect((await listReferrers(name, { env })).manifests).toMatchObject([{ digest: sbom }])
})

test('a list that Go writes as null is empty', async () => {
  const { registry, name } = await setting(API)
  registry.fault = answer(200, '{"schemaVersion":2,"manifests":null}')
  expect((await listReferrers(name, { env })).manifests).toEqual([])
})

test.each<[string, Fault, string, RegExp]>([
  ['a denial', (_, response) => fail(response, 403, 'DENIED', 'no') === undefined, 'REGISTRY_AUTH', /403/],
  ['a page of HTML', answer(200, '<html>', { 'content-type': 'text/html' }), 'REGISTRY_INVALID', /a page of HTML/],
  ['an image', answer(200, '{"schemaVersion":2,"config":{},"layers":[]}'), 'MANIFEST_INVALID', /must be an index/],
  [
    'garbage',
    answer(200, '{"schemaVersion":2,"manifests":[7]}'),
    'MANIFEST_INVALID',
    /manifests\[0\] must be an object/,
  ],
  [
    'a list that goes round',
    (request, response) =>
      answer(200, '{"schemaVersion":2,"manifests":[]}', { link: `<${request.url}>; rel="next"` })(
        request,
        response,
        {} as TestRegistry,
      ),
    'REGISTRY_INVALID',
    /does not end$/,
  ],
])('%s in place of the list is one clear error', async (_, fault, code, message) => {
  const { registry, name, image } = await setting(API)
  registry.fault = (request, response, self) =>
    /\/referrers\//.test(request.url ?? '') ? fault(request, response, self) : false
  const byDigest = `${name}@${image.descriptor.digest}`
  await expect(listReferrers(byDigest, { env })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
})

describe('tags', () => {
  test.each([undefined, 1, 2])('come all, in pages of %s', async (pageSize) => {
    const { registry } = await setting(pageSize === undefined ? {} : { pageSize })
    const { manifests } = registry.repository('app')
    for (const tag of ['2', 'latest']) manifests.set(tag, manifests.get('1') as never)
    expect(await listTags(`${registry.host}/app`, { env })).toEqual(['1', '2', 'latest'])
  })

  test('of a repository without any are none', async () => {
    const { registry } = await setting()
    registry.fault = answer(200, '{"name":"app","tags":null}')
    expect(await listTags(`${registry.host}/app`, { env })).toEqual([])
  })

  test.each<[string, Fault, string, RegExp]>([
    [
      'a repository that is not there',
      answer(404, '{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}'),
      'IMAGE_NOT_FOUND',
      /^listing the tags of "127.*\/app" failed: .* 404 Not Found: NAME_UNKNOWN/,
    ],
    ['garbage', answer(200, '{"tags":[1]}'), 'REGISTRY_INVALID', /tags\[0\] must be a string, got 1$/],
    ['no JSON', answer(200, 'tags'), 'REGISTRY_INVALID', /is not JSON/],
  ])('of %s are an error', async (_, fault, code, message) => {
    const { registry } = await setting()
    registry.fault = fault
    const asked = listTags(`${registry.host}/app`, { env })
    await expect(asked).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('the next page is asked of the registry, whatever host the Link names', async () => {
    const { registry } = await setting()
    let asked = 0
    registry.fault = (request, response) => {
      if (!request.url?.includes('/tags/')) return false
      asked++
      const link = { link: '<https://internal.invalid/v2/app/tags/list?last=a&n=1>; title="x, y"; rel=next' }
      response.writeHead(200, asked === 1 ? link : {}).end(JSON.stringify({ tags: [String(asked)] }))
      return true
    }
    expect(await listTags(`${registry.host}/app`, { env })).toEqual(['1', '2'])
    expect(registry.requests.at(-1)).toBe('GET /v2/app/tags/list?last=a&n=1')
  })
})
