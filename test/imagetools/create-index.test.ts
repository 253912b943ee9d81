import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { build, createIndex, inspectRemote, listTags } from '../../lib/index.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { parseIndexAnnotation } from '../../lib/oci/index-annotation.ts'
import { indexBytes } from '../../lib/oci/manifest.ts'
import { DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../lib/oci/media-types.ts'
import type { Descriptor, Digest, Image, ImageIndex } from '../../lib/oci/types.ts'
import { fail, startRegistry, type TestRegistry } from '../registry/test-registry.ts'
import { type MemoryStore, memoryStore, putImage } from '../support/memory-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const env = { HOME: '/nonexistent' }

interface Setting {
  readonly registry: TestRegistry
  readonly store: MemoryStore
  readonly amd64: Image
  readonly arm64: Image
  /** The index that a tag of a repository names. */
  index(name: string, tag: string): ImageIndex
}

/** A registry with `app:amd64` and `app:arm64`. */
async function setting(): Promise<Setting> {
  const registry = await startRegistry()
  const store = memoryStore()
  const image = (architecture: string): Image =>
    putImage(store, [Buffer.alloc(2048, architecture)], { platform: { os: 'linux', architecture } })
  const given = { registry, store, amd64: image('amd64'), arm64: image('arm64') }
  for (const architecture of ['amd64', 'arm64'] as const) {
    await registry.add('app', architecture, store, given[architecture].descriptor)
  }
  registry.requests.length = 0
  return {
    ...given,
    index: (name, tag) => JSON.parse(registry.repository(name).manifests.get(tag)?.bytes.toString() ?? 'null'),
  }
}

const entryOf = ({ descriptor }: Image, architecture: string): Descriptor => ({
  mediaType: OCI_MANIFEST,
  digest: descriptor.digest,
  size: descriptor.size,
  platform: { architecture, os: 'linux' },
})
const digests = ({ manifests }: ImageIndex): readonly Digest[] => manifests.map(({ digest }) => digest)
/** An attestation as BuildKit makes it, and its entry in an index. */
function attestation(store: MemoryStore, about: Image): Descriptor {
  const image = putImage(store, [Buffer.from(`about ${about.descriptor.digest}`)])
  return {
    ...image.descriptor,
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.digest': about.descriptor.digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
  }
}

describe('in one repository', () => {
  test('images are joined under several names, and nothing is copied', async () => {
    const { registry, amd64, arm64, index } = await setting()
    const { host } = registry
    const created = await createIndex([`${host}/app:amd64`, `${host}/app:arm64`], {
      names: [`${host}/app:1`, `${host}/app`],
      env,
    })
    expect(created).toMatchObject({
      names: [`${host}/app:1`, `${host}/app:latest`],
      repositories: [`${host}/app`],
      replaced: [],
      blobs: { there: 0, mounted: 0, uploaded: 0 },
    })
    expect(index('app', '1')).toEqual({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [entryOf(amd64, 'amd64'), entryOf(arm64, 'arm64')],
    })
    expect(sha256(registry.repository('app').manifests.get('latest')?.bytes ?? '')).toBe(created.descriptor.digest)
    expect(registry.requests.filter((line) => !line.startsWith('GET') && !line.startsWith('HEAD'))).toEqual([
      'PUT /v2/app/manifests/1',
      'PUT /v2/app/manifests/latest',
    ])
    expect(registry.requests.filter((line) => /^GET .*blobs/.test(line))).toEqual([
      `GET /v2/app/blobs/${amd64.manifest.config.digest}`,
      `GET /v2/app/blobs/${arm64.manifest.config.digest}`,
    ])
  })

  test('sources may be digests, and descriptors that say more', async () => {
    const { registry, amd64, arm64, index } = await setting()
    const descriptor = JSON.stringify({
      digest: arm64.descriptor.digest,
      platform: { 'os.version': '10.1' },
      annotations: { a: 'b' },
    })
    await createIndex([amd64.descriptor.digest, descriptor], { names: [`${registry.host}/app:1`], env })
    expect(index('app', '1').manifests).toEqual([
      entryOf(amd64, 'amd64'),
      {
        ...entryOf(arm64, 'arm64'),
        annotations: { a: 'b' },
        platform: { architecture: 'arm64', os: 'linux', 'os.version': '10.1' },
      },
    ])
  })

  test('an index is appended to, and an image of the same platform replaced', async () => {
    const { registry, store, amd64, arm64, index } = await setting()
    const name = `${registry.host}/app:1`
    const annotations = parseIndexAnnotation('index:a=b')
    await createIndex([`${registry.host}/app:amd64`], { names: [name], annotations, env })
    const added = await createIndex([`${registry.host}/app:arm64`], { names: [name], append: true, env })
    expect(added.replaced).toEqual([])
    const newer = putImage(store, [Buffer.from('newer')], { platform: { os: 'linux', architecture: 'amd64' } })
    await registry.add('app', 'newer', store, newer.descriptor)
    const replaced = await createIndex([`${registry.host}/app:newer`], { names: [name], append: true, env })
    expect(replaced.replaced).toEqual([
      {
        platform: { architecture: 'amd64', os: 'linux' },
        from: amd64.descriptor.digest,
        to: newer.descriptor.digest,
      },
    ])
    expect(digests(index('app', '1'))).toEqual([newer.descriptor.digest, arm64.descriptor.digest])
    expect(index('app', '1').annotations).toEqual({ a: 'b' })
  })

  test('indexes are merged with their attestations', async () => {
    const { registry, store, amd64, arm64, index } = await setting()
    for (const [tag, image] of [['a', amd64] as const, ['b', arm64] as const]) {
      const entries = [entryOf(image, image.config.architecture), attestation(store, image)]
      await registry.add('app', tag, store, store.put(indexBytes(entries), OCI_INDEX))
    }
    await createIndex([`${registry.host}/app:a`, `${registry.host}/app:b`], { names: [`${registry.host}/app:1`], env })
    const { manifests } = index('app', '1')
    expect(manifests.map(({ platform }) => platform?.architecture)).toEqual(['amd64', 'unknown', 'arm64', 'unknown'])
    expect(manifests[3]).toMatchObject(attestation(store, arm64))
    await createIndex([`${registry.host}/app:1`], {
      names: [`${registry.host}/app:arm`],
      platforms: ['linux/arm64'],
      env,
    })
    expect(digests(index('app', 'arm'))).toEqual(digests(index('app', '1')).slice(2))
  })

  test("Docker's manifests make a list of Docker's, and an index where there are others or annotations", async () => {
    const { registry, index } = await setting()
    const { host } = registry
    for (const tag of ['amd64', 'arm64']) {
      const found = registry.repository('app').manifests.get(tag)
      const text = found?.bytes.toString().replaceAll(OCI_MANIFEST, DOCKER_MANIFEST) ?? ''
      const stored = { type: DOCKER_MANIFEST, bytes: Buffer.from(text) }
      registry.repository('app').manifests.set(`docker-${tag}`, stored)
      registry.repository('app').manifests.set(sha256(text), stored)
    }
    const sources = [`${host}/app:docker-amd64`, `${host}/app:docker-arm64`]
    await createIndex(sources, { names: [`${host}/app:docker`], env })
    expect(index('app', 'docker').mediaType).toBe(DOCKER_INDEX)
    await createIndex([`${host}/app:amd64`, `${host}/app:docker-arm64`], { names: [`${host}/app:mixed`], env })
    expect(index('app', 'mixed').mediaType).toBe(OCI_INDEX)
    const annotations = parseIndexAnnotation('index:a=b')
    await createIndex(sources, { names: [`${host}/app:noted`], annotations, env })
    expect(index('app', 'noted')).toMatchObject({ mediaType: OCI_INDEX, annotations: { a: 'b' } })
  })

  test('a single image becomes an index of one, or stays what it is', async () => {
    const { registry, amd64, index } = await setting()
    const { host } = registry
    await createIndex([`${host}/app:amd64`], { names: [`${host}/app:one`], env })
    expect(index('app', 'one').manifests).toEqual([entryOf(amd64, 'amd64')])
    const copied = await createIndex([`${host}/app:amd64`], { names: [`${host}/app:same`], preferIndex: false, env })
    expect(copied.descriptor.digest).toBe(amd64.descriptor.digest)
    expect(registry.repository('app').manifests.get('same')).toEqual(registry.repository('app').manifests.get('amd64'))
  })

  test('a dry run makes it and pushes nothing', async () => {
    const { registry, amd64 } = await setting()
    const { bytes } = await createIndex([`${registry.host}/app:amd64`], { dryRun: true, env })
    expect(digests(JSON.parse(Buffer.from(bytes).toString()))).toEqual([amd64.descriptor.digest])
    expect(registry.requests.filter((line) => /^(PUT|POST|PATCH)/.test(line))).toEqual([])
  })
})

describe('from elsewhere', () => {
  test('images of other repositories of the registry are mounted', async () => {
    const { registry, index } = await setting()
    const { host } = registry
    const sources = [`${host}/app:amd64`, `${host}/app:arm64`]
    const created = await createIndex(sources, { names: [`${host}/team/app:1`, `${host}/b/app:1`], env })
    expect(created.blobs).toEqual({ there: 0, mounted: 8, uploaded: 0 })
    expect(registry.uploaded).toBe(0)
    expect(digests(index('team/app', '1'))).toEqual(digests(index('b/app', '1')))
    registry.requests.length = 0
    // A blob that exists already costs a request, not a mount.
    expect((await createIndex(sources, { names: [`${host}/b/app:2`], env })).blobs.mounted).toBe(0)
    expect(registry.requests.filter((line) => line.startsWith('POST'))).toEqual([])
  })

  test('a copy of an index from another registry is byte for byte the same', async () => {
    const from = await setting()
    const to = await startRegistry()
    const source = `${from.registry.host}/app:1`
    await createIndex([`${from.registry.host}/app:amd64`, `${from.registry.host}/app:arm64`], { names: [source], env })
    let told: readonly number[] = []
    const copied = await createIndex([source], {
      names: [`${to.host}/copy:1`],
      onProgress: (...progress) => {
        told = progress
      },
      env,
    })
    const blobs = [from.amd64, from.arm64].flatMap(({ manifest }) => [manifest.config, ...manifest.layers])
    const size = blobs.reduce((sum, blob) => sum + blob.size, 0)
    expect(copied).toMatchObject({ blobs: { there: 0, mounted: 0, uploaded: 4 }, uploaded: size })
    expect(to.uploaded).toBe(size)
    expect(told).toEqual([size, size])
    expect(to.repository('copy').manifests.get('1')).toEqual(from.registry.repository('app').manifests.get('1'))
    for (const { digest } of blobs) expect(to.repository('copy').blobs.has(digest)).toBe(true)
  })

  test('attestations and signatures that refer to an image go with it, other artifacts do not', async () => {
    const from = await setting()
    const to = await startRegistry({ referrers: true })
    const refer = (subject: Digest, artifactType: string): Digest => {
      const manifest = {
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        artifactType,
        config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: empty, size: 2 },
        layers: [],
        subject: { mediaType: OCI_MANIFEST, digest: subject, size: 1 },
      }
      const bytes = Buffer.from(JSON.stringify(manifest))
      const digest = sha256(bytes)
      const tag = subject.replace(':', '-')
      const { manifests } = from.registry.repository('app')
      manifests.set(digest, { type: OCI_MANIFEST, bytes })
      const listed = manifests.get(tag) ? from.index('app', tag).manifests : []
      const entry = { mediaType: OCI_MANIFEST, digest, size: bytes.byteLength, artifactType }
      manifests.set(tag, { type: OCI_INDEX, bytes: Buffer.from(indexBytes([...listed, entry])) })
      return digest
    }
    const empty = sha256('{}')
    from.registry.repository('app').blobs.set(empty, Buffer.from('{}'))
    const statement = refer(from.amd64.descriptor.digest, 'application/vnd.docker.attestation.manifest.v1+json')
    const signature = refer(statement, 'application/vnd.dev.sigstore.bundle.v0.3+json')
    const picture = refer(from.amd64.descriptor.digest, 'image/png')
    await createIndex([`${from.registry.host}/app:amd64`], { names: [`${to.host}/app:1`], env })
    const { manifests } = to.repository('app')
    expect([statement, signature, picture].map((digest) => manifests.has(digest))).toEqual([true, true, false])
  })

  test('images of a layout are uploaded', async () => {
    const registry = await startRegistry()
    const layout = join(temporaryDirectory(), 'layout')
    const built = await build({
      context: new Map([['file', { content: 'x' }]]),
      dockerfile: { text: 'FROM scratch\nCOPY file /\n' },
      platforms: ['linux/arm64'],
      store: temporaryDirectory(),
      outputs: [{ type: 'oci', dest: layout, tar: false, name: 'app:1' }],
    })
    const name = `${registry.host}/app:1`
    const created = await createIndex([`oci-layout://${layout}:1`], { names: [name], env })
    expect(created.blobs).toEqual({ there: 0, mounted: 0, uploaded: 2 })
    const found = await inspectRemote(name, { configs: true, env })
    expect(found.images).toMatchObject([{ digest: built.digest, config: { architecture: 'arm64' } }])
    expect((await inspectRemote(`oci-layout://${layout}`, { env })).descriptor.digest).toBe(built.digest)
  })
})

test('what jobs push by digest gets its one tag when it is joined', async () => {
  const registry = await startRegistry()
  const app = `${registry.host}/app`
  const sources: string[] = []
  for (const [at, architecture] of ['amd64', 'arm64'].entries()) {
    const { outputs, digest, names } = await build({
      context: new Map([['file', { content: architecture }]]),
      dockerfile: { text: 'FROM scratch\nCOPY file /\n' },
      platforms: [`linux/${architecture}`],
      store: temporaryDirectory(),
      // By its own name, and by that of the build.
      ...(at === 0 ? { tags: [app] } : {}),
      outputs: [{ type: 'registry', pushByDigest: true, ...(at === 1 && { name: app }) }],
    })
    expect(outputs).toMatchObject([{ type: 'registry', destination: `${app}@${digest}` }])
    expect(names).toEqual([])
    sources.push(`${app}@${digest}`)
  }
  expect(await listTags(app, { env })).toEqual([])
  await createIndex(sources, { names: [`${app}:1`], env })
  expect(await listTags(app, { env })).toEqual(['1'])
  expect((await inspectRemote(`${app}:1`, { configs: true, env })).images).toHaveLength(2)
})

test('a push by digest with a tag is refused before anything is built', async () => {
  const options = {
    context: new Map(),
    dockerfile: { text: 'FROM scratch\nCOPY missing /\n' },
    store: temporaryDirectory(),
  }
  for (const more of [{ tags: ['app:1'] }, { tags: ['app'], name: 'a,b:latest' }]) {
    const { tags, ...output } = more
    await expect(
      build({ ...options, tags, outputs: [{ type: 'registry', pushByDigest: true, ...output }] }),
    ).rejects.toMatchObject({ code: 'OUTPUT_INVALID', message: expect.stringMatching(/has a tag, but push-by-digest/) })
  }
})

test.each<[string, (host: string) => Promise<unknown>, string, RegExp]>([
  [
    'no source',
    (host) => createIndex([], { names: [`${host}/app:1`] }),
    'OPTION_INVALID',
    /nothing to make an index of$/,
  ],
  ['no name', (host) => createIndex([`${host}/app:amd64`]), 'OPTION_INVALID', /no name to push the index as$/],
  [
    'nothing to append to',
    (host) => createIndex([`${host}/app:amd64`], { names: [`${host}/app:none`], append: true, env }),
    'IMAGE_NOT_FOUND',
    /app:none" failed/,
  ],
  [
    'a layout to write to',
    (host) => createIndex([`${host}/app:amd64`], { names: ['oci-layout://x'], env }),
    'UNSUPPORTED',
    /can't be written to "oci-layout:\/\/x", only pushed$/,
  ],
  [
    'a source that is not there',
    (host) => createIndex([`${host}/app:none`], { names: [`${host}/app:1`], env }),
    'IMAGE_NOT_FOUND',
    /pulling .*app:none" failed: .* 404/,
  ],
  [
    'a digest in one of two repositories',
    (host) => createIndex([`${host}/app:amd64`, sha256('x')], { names: [`${host}/b:1`], env }),
    'OPTION_INVALID',
    /it isn't clear which repository sha256:\w+ is in$/,
  ],
  [
    'a manifest in place of a descriptor',
    (host) => createIndex(['{"schemaVersion":2}'], { names: [`${host}/app:1`], env }),
    'OPTION_INVALID',
    /is a manifest or index: give its name or digest$/,
  ],
  [
    'a descriptor without a digest',
    (host) => createIndex(['{"size":2}'], { names: [`${host}/app:1`], env }),
    'OPTION_INVALID',
    /digest must be a sha256/,
  ],
  [
    'a platform that no image has',
    (host) => createIndex([`${host}/app:amd64`], { names: [`${host}/app:1`], platforms: ['linux/s390x'], env }),
    'PLATFORM_NOT_FOUND',
    /no image is for platform linux\/s390x$/,
  ],
  [
    'a name with another digest',
    (host) => createIndex([`${host}/app:amd64`], { names: [`${host}/app@${sha256('x')}`], env }),
    'REFERENCE_INVALID',
    /can't be pushed as sha256/,
  ],
])('%s is an error, and nothing is pushed', async (_, create, code, message) => {
  const { registry } = await setting()
  await expect(create(registry.host)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  expect(registry.requests.filter((line) => /^(PUT|POST|PATCH)/.test(line))).toEqual([])
})

test.each<[string, Record<string, unknown>, RegExp]>([
  ['size', { size: 7 }, /has size 7, but it is \d+$/],
  ['media type', { mediaType: OCI_INDEX }, /has mediaType ".*index.*", but it is ".*manifest/],
])('a descriptor with a wrong %s is refused', async (_, wrong, message) => {
  const { registry, amd64 } = await setting()
  const source = JSON.stringify({ digest: amd64.descriptor.digest, ...wrong })
  await expect(createIndex([source], { names: [`${registry.host}/app:1`], env })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringMatching(message),
  })
})

test('an index that fails on the way is not named', async () => {
  const from = await setting()
  const to = await startRegistry()
  const { digest } = from.arm64.manifest.config
  from.registry.fault = (request, response) => {
    if (!request.url?.endsWith(digest) || request.method !== 'GET' || to.requests.length === 0) return false
    fail(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry')
    return true
  }
  const sources = ['amd64', 'arm64'].map((tag) => `${from.registry.host}/app:${tag}`)
  await expect(createIndex(sources, { names: [`${to.host}/app:1`], env })).rejects.toMatchObject({
    code: 'BLOB_NOT_FOUND',
  })
  expect([...to.repository('app').manifests.keys()]).toEqual([from.amd64.descriptor.digest])
})

test('what is appended to has to be there, and the error says so', async () => {
  const { registry } = await setting()
  const name = `${registry.host}/app:none`
  // Another image that is missing is not what --append is about.
  await expect(createIndex([name], { names: [`${registry.host}/app:amd64`], append: true, env })).rejects.toMatchObject(
    {
      code: 'IMAGE_NOT_FOUND',
      hint: 'check name and tag',
    },
  )
  await expect(createIndex([`${registry.host}/app:amd64`], { names: [name], append: true, env })).rejects.toMatchObject(
    {
      code: 'IMAGE_NOT_FOUND',
      hint: 'where there is nothing to append to yet, leave out --append',
    },
  )
})

test('a layout that is none is an error', async () => {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'index.json'), '{}')
  await expect(inspectRemote(`oci-layout://${directory}`, { env })).rejects.toMatchObject({ code: 'LAYOUT_INVALID' })
})
