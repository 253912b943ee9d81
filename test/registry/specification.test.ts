// Requirements of the distribution specification that no other test is about, and the table of all of them.
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../lib/oci/media-types.ts'
import { parseReference } from '../../lib/oci/reference.ts'
import type { Descriptor, Digest } from '../../lib/oci/types.ts'
import { pullBlobs } from '../../lib/registry/pull/pull-blobs.ts'
import { openRepository } from '../../lib/registry/pull/repository.ts'
import { pushImage } from '../../lib/registry/push/push-image.ts'
import { memoryStore, putImage } from '../support/memory-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { registryClient } from './test-client.ts'
import { startRegistry, type TestRegistry } from './test-registry.ts'

const root = resolve(import.meta.dirname, '../..')

/** A registry that answers for manifests with another Content-Type. */
async function typed(contentType: string): Promise<{ readonly registry: TestRegistry; readonly accepted: string[] }> {
  const registry = await startRegistry()
  const store = memoryStore()
  await registry.add('app', '1', store, putImage(store, [new Uint8Array(1024)]).descriptor)
  const accepted: string[] = []
  registry.fault = (request, response) => {
    const found = registry.repository('app').manifests.get('1')
    if (!found || !request.url?.includes('/manifests/')) return false
    accepted.push(request.headers.accept ?? '')
    response.writeHead(200, { 'content-type': contentType, 'docker-content-digest': sha256(found.bytes) })
    response.end(request.method === 'HEAD' ? undefined : found.bytes)
    return true
  }
  return { registry, accepted }
}

test('a client says which types of manifests it takes, and takes no notice of parameters of the type that it gets', async () => {
  const { registry, accepted } = await typed(`${OCI_MANIFEST}; charset=utf-8`)
  const repository = openRepository(registryClient(), parseReference(`${registry.host}/app:1`))
  expect(await repository.resolve()).toMatchObject({ mediaType: OCI_MANIFEST })
  for (const types of accepted) {
    expect(types.split(', ').sort()).toEqual([DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST].sort())
  }
})

test('a manifest whose mediaType is not its Content-Type is refused', async () => {
  const { registry } = await typed(DOCKER_MANIFEST)
  const repository = openRepository(registryClient(), parseReference(`${registry.host}/app:1`))
  await expect(repository.resolve()).rejects.toMatchObject({
    code: 'MANIFEST_INVALID',
    message: expect.stringMatching(/mediaType must be .*docker.*, got ".*oci/),
  })
})

test('a manifest is pushed with its mediaType as Content-Type, and every byte as it is', async () => {
  const registry = await startRegistry()
  const store = memoryStore()
  const config = store.put(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json')
  // Unknown fields, data in a descriptor, no layers, and spaces that nobody asked for.
  const text = JSON.stringify({
    mediaType: OCI_MANIFEST,
    schemaVersion: 2,
    artifactType: 'application/vnd.example',
    config: { ...config, data: 'e30=', custom: [1] },
    layers: [],
    'org.example.custom': { b: 1, a: 2 },
  }).replaceAll(',', ' ,')
  const descriptor = store.put(Buffer.from(text), OCI_MANIFEST)
  await pushImage(descriptor, [parseReference(`${registry.host}/app:1`)], { client: registryClient(), reader: store })
  expect(registry.repository('app').manifests.get('1')).toEqual({ type: OCI_MANIFEST, bytes: Buffer.from(text) })
})

test('an empty blob is pushed and pulled', async () => {
  const registry = await startRegistry()
  const source = memoryStore()
  const empty = source.put(new Uint8Array(0), 'application/vnd.example')
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: empty, layers: [] }
  const descriptor = source.put(Buffer.from(JSON.stringify(manifest)), OCI_MANIFEST)
  const client = registryClient()
  const reference = parseReference(`${registry.host}/app:1`)
  expect((await pushImage(descriptor, [reference], { client, reader: source })).blobs.uploaded).toBe(1)
  expect(registry.repository('app').blobs.get(empty.digest)).toHaveLength(0)
  const store = openStore(temporaryDirectory())
  await pullBlobs(store, openRepository(client, reference), [empty])
  expect(store.holds(empty)).toBe(true)
  store.close()
})

test('a blob with a digest of another algorithm is announced and pushed', async () => {
  const registry = await startRegistry()
  const store = memoryStore()
  const bytes = Buffer.from('of sha512')
  const digest: Digest = `sha512:${hash('sha512', bytes, 'hex')}`
  store.blobs.set(digest, bytes)
  const config = { mediaType: 'application/vnd.example', digest, size: bytes.byteLength }
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] })
  const descriptor = store.put(Buffer.from(manifest), OCI_MANIFEST)
  await pushImage(descriptor, [parseReference(`${registry.host}/app:1`)], { client: registryClient(), reader: store })
  expect(registry.requests).toContain('POST /v2/app/blobs/uploads/?digest-algorithm=sha512')
  expect(registry.repository('app').blobs.get(digest)).toEqual(bytes)
})

test('layers that are not to be distributed are not pushed', async () => {
  const registry = await startRegistry()
  const store = memoryStore()
  const config = store.put(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json')
  const layer: Descriptor = {
    mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    digest: sha256('elsewhere'),
    size: 9,
    urls: ['https://elsewhere.invalid/layer'],
  }
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] })
  const descriptor = store.put(Buffer.from(manifest), OCI_MANIFEST)
  registry.repository('app').blobs.set(layer.digest, Buffer.from('the registry would say that it lacks it'))
  await pushImage(descriptor, [parseReference(`${registry.host}/app:1`)], { client: registryClient(), reader: store })
  expect(registry.requests.filter((line) => line.includes(layer.digest))).toEqual([])
})

describe('docs/distribution-spec.md', () => {
  const page = readFileSync(resolve(root, 'docs/distribution-spec.md'), 'utf8')
  const rows = page.split('\n').flatMap((line): [string, string, string][] => {
    const [, requirement = '', done = '', shown = ''] = line.split('|').map((cell) => cell.trim())
    return /^(yes|no|not used)$/.test(done) ? [[requirement, done, shown]] : []
  })

  test('has the four categories of the specification', () => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].map((match) => match[1])
    expect(headings).toEqual(expect.arrayContaining(['Pull', 'Push', 'Content discovery', 'Content management']))
    expect(rows.length).toBeGreaterThan(30)
  })

  test('says yes, no or not used of each', () => {
    const lines = page.split('\n').filter((line) => /^\| (?!---|Requirement)/.test(line))
    expect(rows).toHaveLength(lines.length)
  })

  test.each(rows.filter(([, done]) => done === 'yes'))('%s: is shown by tests that there are', (_, __, shown) => {
    const named = [...shown.matchAll(/`(test\/[\w/.-]+\.test\.ts)`: ([^;]+)/g)]
    expect(named).toHaveLength(shown.split(';').length)
    for (const [, file = '', title = ''] of named) {
      const source = readFileSync(resolve(root, file), 'utf8')
      const escaped = title.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      expect(source).toMatch(new RegExp(`['"\`]${escaped}['"\`]`))
    }
  })
})
