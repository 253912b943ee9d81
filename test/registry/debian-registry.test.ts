// Against the registry that everybody runs, and beside skopeo.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import { build, createIndex, login, logout, openLayout, pullImage, pushImage, validateImage } from '../../lib/index.ts'
import { certificate } from '../http/certificate.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { hasDebianRegistry, startDebianRegistry } from './debian-registry.ts'
import { startTokenServer } from './token-server.ts'

const isHere = hasDebianRegistry() && requires('skopeo')
const withRegistry = test.skipIf(!isHere)

// User u with password p.
const HTPASSWD = 'u:$2b$05$abcdefghijklmnopqrstuuqwWMzKt5N8p.u2GX5MuH1t19BMWuLOW\n'

const context = (text: string): ReadonlyMap<string, { content: string }> => new Map([['file', { content: text }]])

withRegistry('what is pushed, skopeo copies; what skopeo pushes, is a base', async () => {
  const host = await startDebianRegistry()
  const store = temporaryDirectory()
  const first = await build({
    context: context('one\n'),
    dockerfile: { text: 'FROM scratch\nCOPY file /one\nENV A=1\n' },
    store,
    tags: [`${host}/team/one:1`],
    outputs: [{ type: 'registry' }],
  })
  const layout = join(temporaryDirectory(), 'layout')
  run('skopeo', ['copy', '--src-tls-verify=false', `docker://${host}/team/one:1`, `oci:${layout}:one`])
  const opened = openLayout(layout)
  expect(opened.find('one').digest).toBe(first.digest)
  expect(await validateImage(opened, opened.find('one'))).toMatchObject({ valid: true })

  run('skopeo', [
    'copy',
    '--dest-tls-verify=false',
    '--format=v2s2',
    `oci:${layout}:one`,
    `docker://${host}/docker/two:2`,
  ])
  const second = await build({
    context: context('two\n'),
    dockerfile: { text: `FROM ${host}/docker/two:2\nCOPY file /two\n` },
    store: temporaryDirectory(),
    tags: [`${host}/team/three`],
    outputs: [{ type: 'registry' }],
  })
  expect(second.image.config.config?.Env).toContain('A=1')
  expect(second.image.layers[0]?.diffID).toBe(first.image.layers[0]?.diffID)
  const raw = run('skopeo', ['inspect', '--tls-verify=false', `docker://${host}/team/three`])
  expect(JSON.parse(raw)).toMatchObject({
    Digest: second.digest,
    Layers: second.image.manifest.layers.map((l) => l.digest),
  })
})

withRegistry('a large layer goes there and back, and a base is mounted', async () => {
  const host = await startDebianRegistry()
  const store = openStore(temporaryDirectory())
  const large = Buffer.alloc(9 << 20)
  for (let at = 0; at < large.length; at += 4) large.writeUInt32LE(Math.imul(at + 1, 2654435761) >>> 0, at)
  await build({
    context: new Map([['large', { content: large }]]),
    dockerfile: { text: 'FROM scratch\nCOPY large /\n' },
    store: store.root,
    tags: ['app'],
  })
  const names = [`${host}/a/app:1`, `${host}/a/app:2`, `${host}/b/app:1`]
  expect(await pushImage(store, 'app', { names })).toMatchObject({ blobs: { there: 0, mounted: 2, uploaded: 2 } })
  expect(await pushImage(store, 'app', { names })).toMatchObject({ blobs: { there: 4, mounted: 0, uploaded: 0 } })
  store.close()
  const other = openStore(temporaryDirectory())
  const pulled = await pullImage(other, `${host}/b/app:1`)
  expect(await validateImage(other, pulled.descriptor)).toMatchObject({ valid: true })
  await expect(pullImage(other, `${host}/b/app:nothing`)).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
    message: expect.stringContaining('MANIFEST_UNKNOWN: manifest unknown'),
  })
  other.close()
})

withRegistry('an index that skopeo copies with all its images', async () => {
  const host = await startDebianRegistry()
  const layout = join(temporaryDirectory(), 'layout')
  const store = openStore(temporaryDirectory())
  for (const architecture of ['amd64', 'arm64']) {
    await build({
      context: context(architecture),
      dockerfile: { text: 'FROM scratch\nCOPY file /\n' },
      platforms: [`linux/${architecture}`],
      store: store.root,
      tags: [`${host}/app:${architecture}`],
      outputs: [{ type: 'registry' }],
    })
  }
  const sources = ['amd64', 'arm64'].map((architecture) => `${host}/app:${architecture}`)
  const created = await createIndex(sources, { names: [`${host}/app:all`, `${host}/other:all`] })
  expect(created.blobs).toEqual({ there: 0, mounted: 4, uploaded: 0 })
  const raw = run('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${host}/other:all`])
  expect(raw).toBe(Buffer.from(created.bytes).toString())
  const arm = join(temporaryDirectory(), 'layout')
  run('skopeo', [
    'copy',
    '--override-arch=arm64',
    '--src-tls-verify=false',
    `docker://${host}/other:all`,
    `oci:${arm}:arm`,
  ])
  expect(openLayout(arm).find('arm').digest).toBe(JSON.parse(raw).manifests[1].digest)
  const based = await build({
    context: new Map(),
    dockerfile: { text: `FROM ${host}/other:all\n` },
    platforms: ['linux/arm64'],
    store: temporaryDirectory(),
  })
  expect(based.image.config.architecture).toBe('arm64')
  for (const architecture of ['amd64', 'arm64']) {
    const { image } = await pullImage(store, `${host}/app:all`, { platform: `linux/${architecture}` })
    expect(image.config.architecture).toBe(architecture)
  }
  expect(await pushImage(store, `${host}/app:all`, { names: [`${host}/copy:all`] })).toMatchObject({
    blobs: { uploaded: 0 },
  })
  run('skopeo', ['copy', '--all', '--src-tls-verify=false', `docker://${host}/copy:all`, `oci:${layout}:all`])
  expect(openLayout(layout).find('all').mediaType).toContain('index')
  store.close()
})

withRegistry('log in, push, pull, log out', async () => {
  const host = await startDebianRegistry({ htpasswd: HTPASSWD })
  const home = temporaryDirectory()
  vi.stubEnv('DOCKER_CONFIG', home)
  try {
    const store = openStore(temporaryDirectory())
    await build({
      context: context('x'),
      dockerfile: { text: 'FROM scratch\nCOPY file /\n' },
      store: store.root,
      tags: ['app'],
    })
    const push = (): ReturnType<typeof pushImage> => pushImage(store, 'app', { names: [`${host}/app:1`] })
    await expect(push()).rejects.toMatchObject({
      code: 'REGISTRY_AUTH',
      hint: expect.stringContaining(`tsbuild login ${host}`),
    })
    await expect(login(host, { username: 'u', password: 'wrong' })).rejects.toMatchObject({
      code: 'REGISTRY_AUTH',
      message: expect.stringMatching(/^logging in to 127.* failed: 127.* answered 401 Unauthorized: UNAUTHORIZED/),
    })
    expect(await login(host, { username: 'u', password: 'p' })).toEqual({
      registry: host,
      storage: join(home, 'config.json'),
      plain: true,
    })
    expect((await push()).blobs.uploaded).toBe(2)
    const copied = join(temporaryDirectory(), 'layout')
    // skopeo reads what login wrote.
    run('skopeo', [
      'copy',
      '--src-tls-verify=false',
      '--authfile',
      join(home, 'config.json'),
      `docker://${host}/app:1`,
      `oci:${copied}`,
    ])
    expect((await pullImage(openStore(temporaryDirectory()), `${host}/app:1`)).image.layers).toHaveLength(1)
    expect(await logout(host)).toBe(true)
    expect(JSON.parse(readFileSync(join(home, 'config.json'), 'utf8'))).toEqual({ auths: {} })
    await expect(push()).rejects.toMatchObject({ code: 'REGISTRY_AUTH' })
    store.close()
  } finally {
    vi.unstubAllEnvs()
  }
})

test.skipIf(!isHere || !requires('openssl'))('a registry with TLS on this machine, trusted by certs.d', async () => {
  const { cert, key } = certificate('127.0.0.1')
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'cert.pem'), cert)
  writeFileSync(join(directory, 'key.pem'), key)
  const tls = { certificate: join(directory, 'cert.pem'), key: join(directory, 'key.pem') }
  const host = await startDebianRegistry({ tls })
  const config = temporaryDirectory()
  const store = openStore(temporaryDirectory())
  await build({
    context: context('x'),
    dockerfile: { text: 'FROM scratch\nCOPY file /\n' },
    store: store.root,
    tags: ['app'],
  })
  const names = [`${host}/app:1`]
  vi.stubEnv('XDG_CONFIG_HOME', config)
  try {
    await expect(pushImage(store, 'app', { names })).rejects.toMatchObject({
      code: 'HTTP_FAILED',
      message: expect.stringContaining('the certificate is not trusted'),
    })
    mkdirSync(join(config, 'docker/certs.d', host), { recursive: true })
    writeFileSync(join(config, 'docker/certs.d', host, 'ca.crt'), cert)
    expect((await pushImage(store, 'app', { names })).blobs.uploaded).toBe(2)
  } finally {
    vi.unstubAllEnvs()
    store.close()
  }
})

withRegistry('a token server says who may do what', async () => {
  const tokens = await startTokenServer({ u: 'p' })
  const signer = join(temporaryDirectory(), 'signer.pem')
  writeFileSync(signer, tokens.certificate)
  const host = await startDebianRegistry({ token: { realm: tokens.realm, certificate: signer } })
  vi.stubEnv('DOCKER_CONFIG', temporaryDirectory())
  try {
    const store = openStore(temporaryDirectory())
    const files = { context: context('x'), dockerfile: { text: 'FROM scratch\nCOPY file /\n' }, store: store.root }
    await build({ ...files, tags: ['app'] })
    const push = (name: string): ReturnType<typeof pushImage> => pushImage(store, 'app', { names: [`${host}/${name}`] })
    await expect(push('public/app:1')).rejects.toMatchObject({ code: 'REGISTRY_AUTH' })
    await expect(login(host, { username: 'u', password: 'wrong' })).rejects.toMatchObject({ code: 'REGISTRY_AUTH' })
    await login(host, { username: 'u', password: 'p' })
    expect((await push('public/app:1')).blobs.uploaded).toBe(2)
    // Mounting asks for both repositories in one token.
    expect((await push('private/app:1')).blobs).toMatchObject({ mounted: 2, uploaded: 0 })
    expect(tokens.asked.some((scopes) => scopes.length === 2)).toBe(true)
    await logout(host)
    const pull = (name: string): ReturnType<typeof pullImage> =>
      pullImage(openStore(temporaryDirectory()), `${host}/${name}`)
    expect((await pull('public/app:1')).image.layers).toHaveLength(1)
    await expect(pull('private/app:1')).rejects.toMatchObject({ code: 'REGISTRY_AUTH' })
    store.close()
  } finally {
    vi.unstubAllEnvs()
  }
})
