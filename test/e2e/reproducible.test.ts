import { cpSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { succeed } from './tsbuild.ts'

/** A context whose files have times of their own; `at` decides the times and the order in which files are made. */
function context(at: number): string {
  const directory = join(temporaryDirectory(), `context-${at}`)
  const files = ['a.txt', 'b/c.txt', 'b/d/e.txt', 'Zebra', 'é', 'z'].map((path, n) => [path, `${n}\n`] as const)
  mkdirSync(join(directory, 'b/d'), { recursive: true })
  for (const [path, text] of at % 2 ? files : files.toReversed()) {
    writeFileSync(join(directory, path), text)
    utimesSync(join(directory, path), at, at)
  }
  writeFileSync(
    join(directory, 'Dockerfile'),
    'FROM scratch AS one\nWORKDIR /made\nCOPY . .\nFROM scratch\nCOPY --from=one /made /x/y/\nCOPY b /z\nENV A=1\n',
  )
  return directory
}

async function image(directory: string, store: string, env: Readonly<Record<string, string>>): Promise<Buffer> {
  const out = join(temporaryDirectory(), 'image.tar')
  await succeed(['-o', `type=oci,dest=${out}`, directory], { store, env })
  return readFileSync(out)
}

test('with SOURCE_DATE_EPOCH the same inputs give the same bytes: cold, warm, elsewhere, in another place and time', async () => {
  const epoch = { SOURCE_DATE_EPOCH: '1700000000' }
  const store = temporaryDirectory()
  const cold = await image(context(1_000_000_001), store, epoch)
  expect(await image(context(1_000_000_001), store, epoch)).toEqual(cold)
  expect(await image(context(1_500_000_002), store, epoch)).toEqual(cold)
  const elsewhere = { ...epoch, TZ: 'Pacific/Chatham', LC_ALL: 'tr_TR.UTF-8', LANG: 'C', HOME: '/nowhere' }
  expect(await image(context(1_234_567_890), temporaryDirectory(), elsewhere)).toEqual(cold)
})

test('a store that was used without SOURCE_DATE_EPOCH does not change what is built with it', async () => {
  const store = temporaryDirectory()
  const directory = context(1_100_000_000)
  await image(directory, store, {})
  const epoch = { SOURCE_DATE_EPOCH: '1700000000' }
  expect(await image(directory, store, epoch)).toEqual(await image(directory, temporaryDirectory(), epoch))
})

test('without SOURCE_DATE_EPOCH files keep their times, and a rebuild gives the same bytes', async () => {
  const store = temporaryDirectory()
  const directory = context(1_200_000_000)
  const first = await image(directory, store, {})
  const copy = join(temporaryDirectory(), 'copy')
  cpSync(directory, copy, { recursive: true })
  expect(await image(directory, store, {})).toEqual(first)
  // A copy has other times and the same content: a cache hit, as with Docker.
  expect(await image(copy, store, {})).toEqual(first)
})
