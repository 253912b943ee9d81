import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listImages, openLayout, openStore, readImage, validateImage } from '../../lib/index.ts'
import { defaultPlatform } from '../../lib/oci/platform.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { succeed, tsbuild } from './tsbuild.ts'

/** Enough files that a build takes a while. */
function largeContext(): string {
  const directory = temporaryDirectory()
  const text = 'const answer = 42 // and a line of text that compresses well\n'.repeat(100)
  for (let d = 0; d < 20; d++) {
    mkdirSync(join(directory, `d${d}`))
    for (let f = 0; f < 100; f++) writeFileSync(join(directory, `d${d}/f${f}`), `${d} ${f}\n${text}`)
  }
  writeFileSync(
    join(directory, 'Dockerfile'),
    'FROM scratch AS a\nCOPY . /a\nFROM scratch\nCOPY --from=a /a /b\nCOPY . /c\n',
  )
  return directory
}

async function expectSoundStore(root: string): Promise<void> {
  const store = openStore(root)
  try {
    for (const { descriptor } of store.references.list()) {
      expect(await validateImage(store, descriptor)).toMatchObject({ valid: true, problems: [] })
    }
  } finally {
    store.close()
  }
}

test('a kill -9 at any moment leaves a store that works, and the next build is right', async () => {
  const context = largeContext()
  const store = temporaryDirectory()
  const expected = await succeed(['-q', context], { store: temporaryDirectory(), env: { SOURCE_DATE_EPOCH: '1' } })
  for (const delay of [50, 150, 250, 350, 450, 600]) {
    const run = await tsbuild(['-t', 'large', context], {
      store,
      env: { SOURCE_DATE_EPOCH: '1' },
      kill: { signal: 'SIGKILL', when: delay },
    })
    expect(run.signal ?? run.code).toBeOneOf(['SIGKILL', 0])
    await expectSoundStore(store)
  }
  const { stdout } = await succeed(['-q', '-t', 'large', context], { store, env: { SOURCE_DATE_EPOCH: '1' } })
  expect(stdout).toBe(expected.stdout)
  await expectSoundStore(store)
  expect(readdirSync(join(store, 'tmp'))).toEqual([])
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends a build with %d and leaves nothing behind', async (signal, code) => {
  const context = largeContext()
  const store = temporaryDirectory()
  const out = temporaryDirectory()
  const run = await tsbuild(['--progress=plain', '-o', `type=oci,dest=${out}/image.tar`, context], {
    store,
    kill: { signal, when: /COPY \. / },
  })
  expect(run.code).toBe(code)
  expect(readdirSync(out)).toEqual([])
  expect(readdirSync(join(store, 'tmp'))).toEqual([])
})

test('builds at the same time in one store do not hurt each other', async () => {
  const context = largeContext()
  const store = temporaryDirectory()
  const names = ['one', 'two', 'three']
  const runs = await Promise.all(
    names.map((name) => succeed(['-q', '-t', name, context], { store, env: { SOURCE_DATE_EPOCH: '1' } })),
  )
  expect(new Set(runs.map((run) => run.stdout)).size).toBe(1)
  await expectSoundStore(store)
  const opened = openStore(store)
  const listed = await listImages(opened)
  opened.close()
  expect(listed.map((image) => image.name).sort()).toEqual(
    names.map((name) => `docker.io/library/${name}:latest`).sort(),
  )
})

test('where addresses are limited, as by ulimit -v, an image with the same files is built', async () => {
  const context = largeContext()
  const env = { SOURCE_DATE_EPOCH: '1' }
  const images = []
  for (const within of [[], ['sh', '-c', 'ulimit -v 6000000 && exec "$@"', 'sh']]) {
    const out = join(temporaryDirectory(), 'layout')
    await succeed(['-o', `type=oci,dest=${out},tar=false`, context], { store: temporaryDirectory(), env, within })
    const layout = openLayout(out)
    const descriptor = layout.find()
    expect(await validateImage(layout, descriptor)).toMatchObject({ valid: true, problems: [] })
    images.push(await readImage(layout, descriptor, defaultPlatform()))
  }
  const [free, limited] = images.map(({ layers }) => layers)
  expect(limited?.map(({ diffID }) => diffID)).toEqual(free?.map(({ diffID }) => diffID))
  // By another compressor, since this one finds no room.
  expect(limited?.[0]?.descriptor.digest).not.toBe(free?.[0]?.descriptor.digest)
})
