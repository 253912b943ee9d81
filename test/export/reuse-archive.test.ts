// An archive that is where it was written, untouched, is not written again.
import {
  closeSync,
  copyFileSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openStore, type Store } from '../../lib/cache/store.ts'
import { exportImage } from '../../lib/export/export-image.ts'
import type { Image } from '../../lib/oci/types.ts'
import { oneImage } from '../../lib/oci/write-index.ts'
import { layeredImage } from '../support/layered-image.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let directory: string
let store: Store
let image: Image
let opened = 0

beforeEach(async () => {
  directory = temporaryDirectory()
  const plain = openStore(join(directory, 'store'))
  store = {
    ...plain,
    open: (descriptor, signal) => {
      opened++
      return plain.open(descriptor, signal)
    },
  }
  image = await layeredImage(store)
})

afterEach(() => {
  vi.useRealTimers()
})

const path = (name: string): string => join(directory, name)

/** Exports, and gives how many blobs were read. */
async function exported(name = 'app', type: 'oci' | 'docker' = 'oci'): Promise<number> {
  opened = 0
  const { size } = await exportImage(oneImage(image), { type, dest: path('app.tar'), name }, { store })
  expect(size).toBe(statSync(path('app.tar')).size)
  return opened
}

test('reads nothing, and gives the file the time of now', async () => {
  expect(await exported()).toBeGreaterThan(0)
  for (let i = 0; i < 2; i++) {
    const before = statSync(path('app.tar'))
    expect(await exported()).toBe(0)
    const after = statSync(path('app.tar'))
    expect(after.ino).toBe(before.ino)
    expect(after.mtimeMs).toBeGreaterThan(before.mtimeMs)
  }
  expect(readdirSync(directory).sort()).toEqual(['app.tar', 'store'])
})

const overwrite = (at: string): void => {
  const file = openSync(at, 'r+')
  writeSync(file, Buffer.of(0xff), 0, 1, 5000)
  closeSync(file)
}

test.each<readonly [string, (at: string) => void]>([
  ['was written to', overwrite],
  [
    'was written to, and got its times back',
    (at) => {
      const { atime, mtime } = statSync(at)
      overwrite(at)
      utimesSync(at, atime, mtime)
    },
  ],
  ['was cut off', (at) => truncateSync(at, 2000)],
  ['is gone', (at) => rmSync(at)],
  [
    'is another one with the same times',
    (at) => {
      const { atime, mtime } = statSync(at)
      copyFileSync(at, `${at}2`)
      overwrite(`${at}2`)
      utimesSync(`${at}2`, atime, mtime)
      renameSync(`${at}2`, at)
    },
  ],
  ['is known by another name, too', (at) => linkSync(at, path('kept.tar'))],
  [
    'is a symlink to another one',
    (at) => {
      renameSync(at, path('other.tar'))
      symlinkSync('other.tar', at)
    },
  ],
])('a file that %s is written again', async (_, change) => {
  await exported()
  const bytes = readFileSync(path('app.tar'))
  change(path('app.tar'))
  expect(await exported()).toBeGreaterThan(0)
  expect(readFileSync(path('app.tar')).equals(bytes)).toBe(true)
  expect(await exported()).toBe(0)
})

test('another name, and another form, are another archive', async () => {
  await exported('app:1')
  expect(await exported('app:2')).toBeGreaterThan(0)
  expect(await exported('app:2', 'docker')).toBeGreaterThan(0)
  expect(await exported('app:2', 'docker')).toBe(0)
})

test('what was noted before the machine started is not relied on', async () => {
  await exported()
  vi.useFakeTimers({ now: Date.now() + 1000 * 365 * 86_400_000, toFake: ['Date'] })
  expect(await exported()).toBeGreaterThan(0)
})

test('a damaged note is none', async () => {
  await exported()
  const notes = join(directory, 'store/derived/output')
  for (const name of readdirSync(notes)) writeFileSync(join(notes, name), 'x')
  expect(await exported()).toBeGreaterThan(0)
})
