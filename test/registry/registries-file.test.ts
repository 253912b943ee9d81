import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import { pullImage } from '../../lib/index.ts'
import { registrySettings } from '../../lib/registry/registries-file.ts'
import { certificate } from '../http/certificate.ts'
import { serve } from '../http/server.ts'
import { memoryStore, putImage } from '../support/memory-store.ts'
import { requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { registryClient } from './test-client.ts'
import { fail, startRegistry, type TestRegistry } from './test-registry.ts'

/** An environment whose file has the settings. */
function withSettings(settings: unknown): { readonly TSBUILD_REGISTRIES: string; readonly HOME: string } {
  const file = join(temporaryDirectory(), 'registries.json')
  writeFileSync(file, typeof settings === 'string' ? settings : JSON.stringify(settings))
  return { TSBUILD_REGISTRIES: file, HOME: '/nonexistent' }
}

test('settings are by registry, whatever it is called', () => {
  const settings = registrySettings(
    withSettings({
      'https://index.docker.io/v1/': { mirrors: ['a.invalid', 'b.invalid:5000/hub'] },
      lan: { plainHttp: true },
    }),
  )
  expect(settings('docker.io').mirrors).toEqual([
    { domain: 'a.invalid', path: '' },
    { domain: 'b.invalid:5000', path: 'hub' },
  ])
  expect(settings('lan')).toEqual({ plainHttp: true, insecure: false, mirrors: [] })
  expect(settings('other')).toEqual({ plainHttp: false, insecure: false, mirrors: [] })
  expect(registrySettings({ HOME: '/nonexistent' })('lan').plainHttp).toBe(false)
})

test.each<[string, unknown, RegExp]>([
  ['no JSON', 'nonsense', /is not JSON/],
  ['a list', [], /must be an object/],
  [
    'an unknown key',
    { lan: { insecur: true } },
    /lan has the unknown key "insecur": there are plainHttp, insecure, mirrors$/,
  ],
  ['a word for true', { lan: { insecure: 'yes' } }, /lan\.insecure must be true or false/],
  ['a mirror that is a URL', { lan: { mirrors: ['http://m.invalid'] } }, /mirrors\[0\] must be a host or HOST\/PATH/],
  ['a mirror that is no host', { lan: { mirrors: ['mirror'] } }, /mirrors\[0\] must be a host or HOST\/PATH/],
  ['a mirror with a tag', { lan: { mirrors: ['m.invalid/a:1'] } }, /must be a host or HOST\/PATH/],
])('%s is refused', (_, value, message) => {
  const settings = registrySettings(withSettings(value))
  expect(() => settings('lan')).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(message) }),
  )
})

test('a file that is named has to be there', () => {
  expect(() => registrySettings({ TSBUILD_REGISTRIES: '/nonexistent/x' })('lan')).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  )
})

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
  expect(await pullImage(store, `${own.host}/team/app:1`, { env })).toMatchObject({ name: `${own.host}/team/app:1` })
  expect(own.requests).toEqual([])
  expect(mirror.requests).not.toEqual([])
  store.close()
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
  expect((await pullImage(store, `${own.host}/team/app:1`, { env })).fetched).toBeGreaterThan(0)
  expect(own.requests.length).toBeGreaterThan(0)
  await expect(pullImage(store, `${own.host}/team/app:2`, { env })).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
    message: expect.stringContaining(own.host),
  })
  store.close()
})
