import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../../lib/cache/store.ts'
import { openHttpClient } from '../../../lib/http/client.ts'
import { pullImage, pushImage } from '../../../lib/index.ts'
import { findOrigin } from '../../../lib/registry/find-origin.ts'
import { certificate } from '../../http/certificate.ts'
import { serve } from '../../http/server.ts'
import { memoryStore, putImage } from '../../support/memory-store.ts'
import { requires } from '../../support/requires.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { registryClient } from '../test-client.ts'
import { fail, startRegistry, type TestRegistry } from '../test-registry.ts'

/** An environment whose file has the settings. */
function withSettings(settings: unknown): Record<string, string> {
  const file = join(temporaryDirectory(), 'registries.json')
  writeFileSync(file, JSON.stringify(settings))
  return { TSBUILD_REGISTRIES: file, HOME: '/nonexistent' }
}

/** The same, as Podman has them. */
function withPodman(text: string): Record<string, string> {
  const file = join(temporaryDirectory(), 'registries.conf')
  writeFileSync(file, text)
  return { CONTAINERS_REGISTRIES_CONF: file, HOME: '/nonexistent' }
}

test('plain HTTP is spoken where it is said, and nowhere else', async () => {
  const client = registryClient(withSettings({ 'lan:5000': { plainHttp: true } }))
  expect(await client.origin({ domain: 'lan:5000', path: 'a' })).toBe('http://lan:5000')
  expect(await client.origin({ domain: 'lan:5001', path: 'a' })).toBe('https://lan:5001')
})

test.skipIf(!requires('openssl'))('a certificate is not checked where that is said', async () => {
  const tls = certificate('elsewhere.invalid')
  const origin = await serve((_, response) => response.end('{}'), tls)
  const { host } = new URL(origin)
  const repository = { domain: host, path: '' }
  const request = { repository, path: '', actions: 'pull' } as const
  const careless = registryClient(withSettings({ [host]: { insecure: true } }))
  expect((await careless.request(request)).status).toBe(200)
  await expect(registryClient().request(request)).rejects.toMatchObject({ code: 'HTTP_FAILED' })
  const part = withPodman(`[[registry]]\nprefix = "${host}/part"\nlocation = "${host}"\ninsecure = true\n`)
  const partly = registryClient(part)
  const below = (path: string) => ({ ...request, repository: { domain: host, path } })
  expect((await partly.request(below('part/app'))).status).toBe(200)
  await expect(partly.request(below('other'))).rejects.toMatchObject({ code: 'HTTP_FAILED' })
})

test('what may be insecure is spoken to by http: only where there is no TLS', async () => {
  const origin = await serve((_, response) => response.end('{}'))
  // A name of this machine that is not known for one.
  const host = `127.0.0.1.:${new URL(origin).port}`
  const findHttp = openHttpClient({ env: {}, wait: async () => {} })
  onTestFinished(() => findHttp.close())
  const find = (insecure: boolean) => findOrigin(host, { plainHttp: false, insecure }, findHttp, undefined)
  expect(await find(false)).toBe(`https://${host}`)
  expect(await find(true)).toBe(`http://${host}`)
})

async function twoRegistries(): Promise<{
  readonly mirror: TestRegistry
  readonly own: TestRegistry
  readonly env: Record<string, string>
}> {
  const [mirror, own] = [await startRegistry(), await startRegistry()]
  const source = memoryStore()
  const image = putImage(source, [Buffer.alloc(2048, 'x')])
  await mirror.add('hub/team/app', '1', source, image.descriptor)
  await own.add('team/app', '1', source, image.descriptor)
  return { mirror, own, env: withSettings({ [own.host]: { mirrors: [`${mirror.host}/hub`] } }) }
}

test('a mirror is asked first, and all comes from it', async () => {
  const { mirror, own, env } = await twoRegistries()
  const store = openStore(temporaryDirectory())
  onTestFinished(() => store.close())
  expect(await pullImage(store, `${own.host}/team/app:1`, { env })).toMatchObject({ name: `${own.host}/team/app:1` })
  expect(own.requests).toEqual([])
  expect(mirror.requests).not.toEqual([])
})

test.each<[string, RegExp]>([
  ['knows nothing', /./],
  ['has no layers', /blobs/],
])('a mirror that %s is passed over', async (_, pattern) => {
  const { mirror, own, env } = await twoRegistries()
  mirror.fault = (request, response) => {
    if (!pattern.test(request.url ?? '')) return false
    fail(response, 404, 'NAME_UNKNOWN', 'no such repository')
    return true
  }
  const store = openStore(temporaryDirectory())
  onTestFinished(() => store.close())
  expect((await pullImage(store, `${own.host}/team/app:1`, { env })).fetched).toBeGreaterThan(0)
  expect(own.requests.length).toBeGreaterThan(0)
  await expect(pullImage(store, `${own.host}/team/app:2`, { env })).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
    message: expect.stringContaining(own.host),
  })
})

test('a mirror that can not be reached is tried once', async () => {
  const { own } = await twoRegistries()
  const env = withSettings({ [own.host]: { mirrors: ['127.0.0.1:1'] } })
  const retries: string[] = []
  const store = openStore(temporaryDirectory())
  onTestFinished(() => store.close())
  await pullImage(store, `${own.host}/team/app:1`, { env, onRetry: (reason) => retries.push(reason) })
  expect(retries).toEqual([expect.stringMatching(/^GET http:\/\/127\.0\.0\.1:1\/.*ECONNREFUSED/)])
})

test('a mirror gets its own credentials, not those of the registry', async () => {
  const mirror = await startRegistry({ auth: 'basic', user: 'm', password: 'mirror' })
  const source = memoryStore()
  const image = putImage(source, [Buffer.alloc(2048, 'x')])
  await mirror.add('team/app', '1', source, image.descriptor)
  const heard: (string | undefined)[] = []
  mirror.fault = (request) => {
    heard.push(request.headers.authorization)
    return false
  }
  const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') })
  const auths = { [mirror.host]: auth('m:mirror'), 'own.invalid': auth('o:own') }
  const env = {
    ...withSettings({ 'own.invalid': { mirrors: [mirror.host] } }),
    DOCKER_AUTH_CONFIG: JSON.stringify({ auths }),
  }
  const store = openStore(temporaryDirectory())
  onTestFinished(() => store.close())
  await pullImage(store, 'own.invalid/team/app:1', { env })
  expect(new Set(heard)).toEqual(new Set([undefined, `Basic ${auth('m:mirror').auth}`]))
})

test('what Podman has elsewhere is pulled from there, and pushed where the name says', async () => {
  const { mirror, own } = await twoRegistries()
  const env = withPodman(`[[registry]]\nprefix = "${own.host}/team"\nlocation = "${mirror.host}/hub/team"\n`)
  const store = openStore(temporaryDirectory())
  onTestFinished(() => store.close())
  expect(await pullImage(store, `${own.host}/team/app:1`, { env })).toMatchObject({ name: `${own.host}/team/app:1` })
  expect(own.requests).toEqual([])
  mirror.requests.length = 0
  await pushImage(store, `${own.host}/team/app:1`, { env, names: [`${own.host}/team/app:2`] })
  expect(own.requests).toContain('PUT /v2/team/app/manifests/2')
  expect(mirror.requests).toEqual([])
})

test('what Podman blocks is neither pulled nor pushed, nor are mirrors asked for it', async () => {
  const { mirror, own } = await twoRegistries()
  const text = `[[registry]]\nlocation = "${own.host}"\nblocked = true\nmirror = [{ location = "${mirror.host}/hub" }]\n`
  const env = withPodman(text)
  const store = openStore(temporaryDirectory())
  onTestFinished(() => store.close())
  const blocked = {
    code: 'REGISTRY_BLOCKED',
    message: expect.stringMatching(/^127[\d.:]+\/team\/app is blocked in .*registries\.conf$/),
  }
  await expect(pullImage(store, `${own.host}/team/app:1`, { env })).rejects.toMatchObject(blocked)
  expect([...own.requests, ...mirror.requests]).toEqual([])
  await pullImage(store, `${own.host}/team/app:1`, { env: { HOME: '/nonexistent' } })
  const push = pushImage(store, `${own.host}/team/app:1`, { env, names: [`${own.host}/team/app:2`] })
  await expect(push).rejects.toMatchObject(blocked)
})
