// Builds for several platforms, without RUN: what they share, what they give, where it goes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type BuildEvent, type BuildOptions, build, listImages, openStore, validateImage } from '../../lib/index.ts'
import { writeIndex } from '../../lib/oci/write-index.ts'
import { serve } from '../http/server.ts'
import { layeredImage } from '../support/layered-image.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const PER_PLATFORM = 'FROM scratch\nARG TARGETPLATFORM\nCOPY <<EOF /platform\n$TARGETPLATFORM\nEOF\n'
const BOTH = ['linux/amd64', 'linux/arm64']

function options(
  dockerfile: string,
  more: Partial<Omit<BuildOptions, 'store'>> = {},
): BuildOptions & { readonly store: string } {
  const context = new Map([
    ['Dockerfile', dockerfile],
    ['a', 'text\n'],
  ])
  return { context, store: temporaryDirectory(), platforms: BOTH, ...more }
}

/** The names of the steps, each as often as it was started. */
async function steps(given: BuildOptions): Promise<string[]> {
  const names = new Map<string, string>()
  const started: string[] = []
  const onEvent = (event: BuildEvent): void => {
    if (event.type === 'plan') for (const { id, name } of event.steps) names.set(id, name)
    if (event.type === 'started') started.push(names.get(event.step) ?? '')
  }
  await build({ ...given, onEvent })
  return started.sort()
}

test('several platforms make an index of images in the order asked for', async () => {
  const given = options(PER_PLATFORM, { platforms: ['linux/arm64', 'linux/amd64', 'linux/arm/v6'], tags: ['app'] })
  const result = await build(given)
  expect(result.images.map(({ platform }) => platform)).toEqual([
    { os: 'linux', architecture: 'arm64' },
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm', variant: 'v6' },
  ])
  expect(result).toMatchObject({ digest: result.index?.digest, imageID: result.images[0]?.imageID })
  const store = openStore(given.store)
  expect(store.references.find('docker.io/library/app:latest')?.digest).toBe(result.digest)
  expect((await listImages(store))[0]?.details).toMatchObject({
    platforms: ['linux/arm64', 'linux/amd64', 'linux/arm/v6'],
  })
  store.close()
})

test('an index is valid, and says of each image what its config says', async () => {
  const given = options(PER_PLATFORM)
  const { index } = await build(given)
  if (!index) throw new Error('no index')
  const store = openStore(given.store)
  expect(await validateImage(store, index)).toMatchObject({ valid: true })
  const json = JSON.parse(Buffer.from(await store.read(index)).toString())
  expect(json).toMatchObject({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ platform: { os: 'linux', architecture: 'amd64' } }, { platform: { architecture: 'arm64' } }],
  })
  store.close()
})

test('with SOURCE_DATE_EPOCH the order of the platforms changes the order in the index, and nothing else', async () => {
  const given = { sourceDateEpoch: 1_700_000_000 }
  const [one, again, other] = [
    await build(options(PER_PLATFORM, given)),
    await build(options(PER_PLATFORM, given)),
    await build(options(PER_PLATFORM, { ...given, platforms: [...BOTH].reverse() })),
  ]
  expect(again.digest).toBe(one.digest)
  expect(other.digest).not.toBe(one.digest)
  expect(other.images.map(({ digest }) => digest).reverse()).toEqual(one.images.map(({ digest }) => digest))
})

test('what is the same for all platforms is done once', async () => {
  const dockerfile = [
    'FROM --platform=$BUILDPLATFORM scratch AS shared',
    'COPY a /',
    'FROM shared AS cross',
    'ARG TARGETARCH',
    'COPY <<EOF /made',
    '$TARGETARCH',
    'EOF',
    'FROM scratch',
    'COPY --from=cross /made /',
    'COPY --from=shared /a /',
  ].join('\n')
  expect(await steps(options(dockerfile))).toEqual([
    '[linux/amd64 cross 1/1] COPY <<EOF /made',
    '[linux/amd64 shared 1/1] COPY a /',
    '[linux/amd64 stage-2 1/2] COPY --from=cross /made /',
    '[linux/amd64 stage-2 2/2] COPY --from=shared /a /',
    '[linux/arm64 cross 1/1] COPY <<EOF /made',
    '[linux/arm64 stage-2 1/2] COPY --from=cross /made /',
    '[linux/arm64 stage-2 2/2] COPY --from=shared /a /',
  ])
})

test.each([[false], [true]])(
  'a layer that two platforms need on different bases is made once (noCache: %s)',
  async (noCache) => {
    const given = options('FROM base\nCOPY a /new/', { noCache, tags: ['app'] })
    const store = openStore(given.store)
    const arm = await layeredImage(store, { platform: { os: 'linux', architecture: 'arm64' }, layers: [[]] })
    store.references.set(
      'docker.io/library/base:latest',
      writeIndex(store, [await layeredImage(store), arm]).descriptor,
    )
    store.close()
    const { images, steps } = await build(given)
    expect(images.map(({ image }) => image.layers.length)).toEqual([3, 2])
    expect(new Set(images.map(({ image }) => image.layers.at(-1)?.diffID)).size).toBe(1)
    // Both bases were there, and the second layer was: only one step did something.
    expect(steps).toEqual({ total: 4, cached: 3 })
  },
)

test('what ADD fetches is fetched once, so that all platforms get the same', async () => {
  let requests = 0
  const origin = await serve((_, response) => {
    requests++
    response.end(`answer ${requests}`)
  })
  const { images } = await build(options(`${PER_PLATFORM}ADD ${origin}/file /\n`))
  expect(requests).toBe(1)
  expect(new Set(images.map(({ image }) => image.layers.at(-1)?.diffID)).size).toBe(1)
})

test.each<[string[], string[]]>([
  [['linux/arm'], ['linux/arm/v7', 'v7']],
  [['linux/arm64/v8'], ['linux/arm64', '']],
  [
    ['aarch64', 'linux/arm64'],
    ['linux/arm64', ''],
  ],
  [
    ['linux/arm/v7', 'linux/arm'],
    ['linux/arm/v7', 'v7'],
  ],
  [['linux/amd64/v3'], ['linux/amd64/v3', 'v3']],
])('%j is one platform, TARGETPLATFORM and TARGETVARIANT are %j', async (platforms, [platform, variant]) => {
  const dockerfile = 'FROM scratch\nARG TARGETPLATFORM TARGETVARIANT\nLABEL p=$TARGETPLATFORM v=$TARGETVARIANT\n'
  const { index, image } = await build(options(dockerfile, { platforms }))
  expect(index).toBeUndefined()
  expect(image.config.config?.Labels).toEqual({ p: platform, v: variant })
})

test.each([
  [['linux/arm64', 'arm/v7'], 'did you mean "linux/arm/v7"?'],
  [['linux/arm64', ''], expect.stringContaining('write it as os/arch')],
])('%j is refused', async (platforms, hint) => {
  await expect(build(options(PER_PLATFORM, { platforms }))).rejects.toMatchObject({ code: 'PLATFORM_INVALID', hint })
})

test('too many platforms are refused', async () => {
  const platforms = Array.from({ length: 101 }, (_, i) => `linux/x${i}`)
  await expect(build(options(PER_PLATFORM, { platforms }))).rejects.toMatchObject({ code: 'OPTION_INVALID' })
})

test('a base that is an index gives each platform its own image, and one that it lacks is named with those it has', async () => {
  const given = options('FROM base\nCOPY a /new/')
  const store = openStore(given.store)
  const arm = await layeredImage(store, { platform: { os: 'linux', architecture: 'arm64' } })
  const { descriptor } = writeIndex(store, [await layeredImage(store), arm])
  store.references.set('docker.io/library/base:latest', descriptor)
  store.close()
  const { images, warnings } = await build(given)
  expect(images.map(({ image }) => image.config.architecture)).toEqual(['amd64', 'arm64'])
  expect(warnings).toEqual([])
  await expect(build({ ...given, platforms: ['linux/amd64', 'linux/s390x'] })).rejects.toMatchObject({
    code: 'PLATFORM_NOT_FOUND',
    message: expect.stringContaining('linux/s390x'),
    hint: 'it has linux/amd64, linux/arm64',
    location: { span: { start: 0 } },
  })
})

test('a base that is in no index is used for any platform, with a warning', async () => {
  const given = options('FROM base\nCOPY a /new/')
  const store = openStore(given.store)
  store.references.set('docker.io/library/base:latest', (await layeredImage(store)).descriptor)
  store.close()
  const events: BuildEvent[] = []
  const { images, warnings } = await build({ ...given, onEvent: (event) => events.push(event) })
  // As with BuildKit the image says what was asked for.
  expect(images.map(({ image }) => image.config.architecture)).toEqual(['amd64', 'arm64'])
  expect(warnings).toMatchObject([
    { code: 'BASE_PLATFORM', message: expect.stringMatching(/amd64, expected linux\/arm64/) },
  ])
  expect(events).toContainEqual(expect.objectContaining({ type: 'warning', code: 'BASE_PLATFORM', line: 1 }))
})

test('an index that was built can be built on', async () => {
  const given = options(PER_PLATFORM, { tags: ['app'] })
  const first = await build(given)
  const second = await build({ ...given, context: new Map([['Dockerfile', 'FROM app\nLABEL a=b\n']]), tags: [] })
  expect(second.images.map(({ image }) => image.layers)).toEqual(first.images.map(({ image }) => image.layers))
})

test('an archive for Docker is refused before anything is built', async () => {
  const events: BuildEvent[] = []
  const dest = join(temporaryDirectory(), 'app.tar')
  const given = options(PER_PLATFORM, { outputs: [{ type: 'docker', dest }] })
  await expect(build({ ...given, onEvent: (event) => events.push(event) })).rejects.toMatchObject({
    code: 'OUTPUT_INVALID',
    message: 'type=docker holds an image of one platform, not of linux/amd64, linux/arm64',
  })
  expect(events).toEqual([])
})

test('files go into a directory for each platform', async () => {
  const out = temporaryDirectory()
  const [dest, tar] = [join(out, 'files'), join(out, 'files.tar')]
  const dockerfile = `${PER_PLATFORM}COPY a /x/b\n`
  await build(
    options(dockerfile, {
      outputs: [
        { type: 'local', dest },
        { type: 'tar', dest: tar },
      ],
    }),
  )
  expect(readdirSync(dest).sort()).toEqual(['linux_amd64', 'linux_arm64'])
  expect(readFileSync(join(dest, 'linux_arm64/platform'), 'utf8')).toBe('linux/arm64\n')
  expect(run('tar', ['-tf', tar]).trimEnd().split('\n')).toEqual(
    ['linux_amd64', 'linux_arm64'].flatMap((name) => ['', 'platform', 'x/', 'x/b'].map((path) => `${name}/${path}`)),
  )
})

test('a directory for one platform alone is made on request, and left out on request where nothing is lost', async () => {
  const dest = join(temporaryDirectory(), 'files')
  const split = { type: 'local', dest, platformSplit: true } as const
  await build(options(PER_PLATFORM, { platforms: ['linux/arm64'], outputs: [split] }))
  expect(readdirSync(dest)).toEqual(['linux_arm64'])

  const merged = { type: 'local', dest: join(dest, 'merged'), platformSplit: false } as const
  const distinct = 'FROM scratch\nARG TARGETARCH\nCOPY a /bin/app-$TARGETARCH\n'
  await build(options(distinct, { outputs: [merged] }))
  expect(readdirSync(join(merged.dest, 'bin')).sort()).toEqual(['app-amd64', 'app-arm64'])
  await expect(build(options(PER_PLATFORM, { outputs: [merged] }))).rejects.toMatchObject({
    code: 'OUTPUT_INVALID',
    message: 'cannot write "platform" for linux/arm64: linux/amd64 has a file of that path, too',
  })
})

test('a layout has the index, and other compression for an output gives another index', async () => {
  const out = temporaryDirectory()
  const [gzip, plain] = [join(out, 'gzip'), join(out, 'plain')]
  const { digest } = await build(
    options(PER_PLATFORM, {
      tags: ['app'],
      outputs: [
        { type: 'oci', dest: gzip, tar: false },
        { type: 'oci', dest: plain, tar: false, compression: { algorithm: 'uncompressed' } },
      ],
    }),
  )
  const entries = [gzip, plain].map((dir) => JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8')).manifests)
  expect(entries[0]).toMatchObject([{ mediaType: 'application/vnd.oci.image.index.v1+json', digest }])
  expect(entries[1]?.[0]?.digest).not.toBe(digest)
  // Configs are the same: two of them, two manifests and layers each, one index.
  expect([gzip, plain].map((dir) => readdirSync(join(dir, 'blobs/sha256')).length)).toEqual([7, 7])
})
