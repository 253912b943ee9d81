// The build args by which BuildKit itself is told something.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { refuseFrontends, withBuildKitArgs } from '../../lib/build/buildkit-args.ts'
import { build, openStore, readDockerfile, validateImage } from '../../lib/index.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const options = (buildArgs: Readonly<Record<string, string>>, text = 'FROM scratch\nLABEL a=b\n') => ({
  context: new Map([['Dockerfile', text]]),
  store: temporaryDirectory(),
  buildArgs,
})

test('the host name and the namespace of caches go before the options', () => {
  const buildArgs = { BUILDKIT_SANDBOX_HOSTNAME: 'arg', BUILDKIT_CACHE_MOUNT_NS: 'mine' }
  expect(withBuildKitArgs({ ...options(buildArgs), run: { hostname: 'option', shmSize: 1 } }).run).toEqual({
    hostname: 'arg',
    cacheNamespace: 'mine',
    shmSize: 1,
  })
  const empty = { BUILDKIT_SANDBOX_HOSTNAME: '', BUILDKIT_CACHE_MOUNT_NS: '' }
  expect(withBuildKitArgs({ ...options(empty), run: { hostname: 'option' } }).run).toEqual({ hostname: 'option' })
})

test.each([
  ['docker/dockerfile:1', true],
  ['docker.io/docker/dockerfile-upstream:master-labs', true],
  [`docker/dockerfile:1@sha256:${'0'.repeat(64)}`, true],
  ['mirror.example:5000/hub/docker/dockerfile:1.4 and more', true],
  ['dockerfile.v0', true],
  ['example/not-dockerfile', false],
  ['example/frontend:1', false],
  ['docker/Dockerfile', false],
])('# syntax=%s is for the frontend that there is: %s', (image, isOurs) => {
  const text = `#!/usr/bin/env tsbuild\n# syntax=${image}  \nFROM scratch\n`
  const check = (): void => refuseFrontends({ name: 'Dockerfile', text }, {})
  if (isOurs) expect(check).not.toThrow()
  else expect(check).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  const asArg = (): void =>
    refuseFrontends({ name: 'Dockerfile', text: '# syntax=example/x\n' }, { buildArgs: { BUILDKIT_SYNTAX: image } })
  if (isOurs) expect(asArg).not.toThrow()
  else expect(asArg).toThrow(expect.objectContaining({ code: 'UNSUPPORTED', location: undefined }))
})

test('a file of another frontend is refused at its line, before it is parsed', async () => {
  const text = '# syntax=example/frontend:1\r\nINCLUDE other\r\n'
  const error = await readDockerfile(options({}, text)).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'UNSUPPORTED', location: { span: { start: 0, end: 27 } } })
  const json = await readDockerfile(options({}, '{"syntax": "example/frontend"}')).catch((reason: unknown) => reason)
  expect(json).toMatchObject({ code: 'UNSUPPORTED', location: undefined })
})

test.each([
  ['true', true],
  ['1', true],
  ['', false],
  ['false', false],
])('BUILDKIT_MULTI_PLATFORM=%s makes an index of one platform: %s', async (value, isIndex) => {
  const given = options({ BUILDKIT_MULTI_PLATFORM: value })
  const { index, images } = await build(given)
  expect([index !== undefined, images.length]).toEqual([isIndex, 1])
  if (!index) return
  const store = openStore(given.store)
  expect(await validateImage(store, index)).toMatchObject({ valid: true })
  store.close()
})

test.each([
  [{ BUILDKIT_MULTI_PLATFORM: 'perhaps' }, {}, 'OPTION_INVALID'],
  [{ BUILDKIT_MULTI_PLATFORM: '0' }, { platforms: ['linux/amd64', 'linux/arm64'] }, 'OPTION_INVALID'],
  [{ BUILDKIT_MULTI_PLATFORM: '1' }, { outputs: [{ type: 'docker', dest: 'x.tar' }] }, 'OUTPUT_INVALID'],
] as const)('%j is refused with %j', async (buildArgs, more, code) => {
  await expect(build({ ...options(buildArgs), ...more })).rejects.toMatchObject({ code })
})

test('what asks for nothing is passed over', async () => {
  const dest = join(temporaryDirectory(), 'x.tar')
  const given = options({ BUILDKIT_INLINE_CACHE: '0', BUILDKIT_MULTI_PLATFORM: 'false', BUILDKIT_BUILD_NAME: 'x' })
  await expect(build({ ...given, outputs: [{ type: 'docker', dest }] })).resolves.toMatchObject({ index: undefined })
})
