import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openStore, validateImage } from '../../lib/index.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { succeed, tsbuild } from './tsbuild.ts'

const env = { SOURCE_DATE_EPOCH: '1' }

/** A context with a file of its own and files that all contexts have. */
function contextOf(own: string): string {
  const directory = temporaryDirectory()
  mkdirSync(join(directory, 'common'))
  for (let at = 0; at < 20; at++) writeFileSync(join(directory, 'common', `f${at}`), `${at}`.repeat(10_000))
  writeFileSync(join(directory, 'own'), own.repeat(1000))
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch\nCOPY common /common\nCOPY own /\nCOPY common /again\n')
  return directory
}

async function expectSoundImages(root: string, count: number): Promise<void> {
  const store = openStore(root)
  try {
    const references = store.references.list()
    expect(references.length).toBe(count)
    for (const { descriptor } of references) {
      expect(await validateImage(store, descriptor)).toMatchObject({ valid: true, problems: [] })
    }
  } finally {
    store.close()
  }
}

test('a kill of prune at any moment loses no image with a name, and the next build is right', async () => {
  const [first, second] = [contextOf('first'), contextOf('second')]
  const full = join(temporaryDirectory(), 'store')
  const { stdout: expected } = await succeed(['-q', '-t', 'app', first], { store: full, env })
  for (let at = 0; at < 30; at++) await succeed(['-q', '--build-arg', `N=${at}`, second], { store: full, env })
  await succeed(['-q', '-t', 'app', second], { store: full, env })
  await succeed(['-q', '-t', 'other', first], { store: full, env })
  await succeed(['tag', 'other', 'app'], { store: full, env })
  for (const delay of [90, 110, 130, 150, 170, 190, 210, 230]) {
    const store = join(temporaryDirectory(), 'store')
    cpSync(full, store, { recursive: true })
    const run = await tsbuild(['prune', '-f', '-a'], { store, env, kill: { signal: 'SIGKILL', when: delay } })
    expect(run.signal ?? run.code).toBeOneOf(['SIGKILL', 0])
    await expectSoundImages(store, 2)
    expect((await succeed(['-q', first], { store, env })).stdout).toBe(expected)
    await succeed(['prune', '-f', '-a'], { store, env })
    await expectSoundImages(store, 2)
    expect(readdirSync(join(store, 'tmp'))).toEqual([])
  }
})

test('no build fails beside prune, and every name leads to a whole image', async () => {
  const store = join(temporaryDirectory(), 'store')
  const contexts = Array.from({ length: 8 }, (_, at) => contextOf(`${at}`))
  let building = true
  const pruning = (async () => {
    let rounds = 0
    for (; building; rounds++) {
      await succeed(['prune', '-f', '-a'], { store, env })
      await wait(20)
    }
    return rounds
  })()
  try {
    const digests = await Promise.all(
      contexts.map(async (context, at) => {
        const runs = []
        for (let round = 0; round < 3; round++) {
          runs.push((await succeed(['-q', '-t', `app:${at}`, context], { store, env })).stdout)
        }
        return new Set(runs).size
      }),
    )
    expect(digests).toEqual(contexts.map(() => 1))
  } finally {
    building = false
  }
  expect(await pruning).toBeGreaterThan(1)
  await expectSoundImages(store, 8)
})
