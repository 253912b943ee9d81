import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { bootName } from '../../lib/base/boot.ts'
import { openPendingBlobs } from '../../lib/cache/pending-blobs.ts'
import { type DiskStore, openStore } from '../../lib/cache/store.ts'
import { nameImage } from '../../lib/images/name-image.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { openLayout } from '../../lib/oci/layout.ts'
import { emptyTar, putImage } from '../support/memory-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const OTHER = '00000000'

let root: string
let store: DiskStore

beforeEach(() => {
  root = join(temporaryDirectory(), 'store')
  store = openStore(root)
})

const blobPath = (text: string): string => join(root, 'blobs/sha256', sha256(text).slice(7))

/** A blob as an earlier boot left it, with the contents that the disk has. */
function leave(text: string, contents: string): void {
  store.put(Buffer.from(text), 'x')
  store.pending.settle([sha256(text)])
  openPendingBlobs(root, OTHER).add(sha256(text))
  writeFileSync(blobPath(text), contents)
}

test('blobs are pending from the moment they have their names', () => {
  store.put(Buffer.from('put'), 'x')
  const writer = store.createWriter()
  writer.write(Buffer.from('written'))
  expect(store.pending.list()).toEqual([sha256('put')])
  writer.commit()
  store.put(Buffer.from('put'), 'x')
  expect([...openStore(root).pending.list()].sort()).toEqual([sha256('put'), sha256('written')].sort())
})

test('blobs that a power cut damaged are gone when the store is opened, all of them at once', () => {
  leave('whole', 'whole')
  leave('emptied', '')
  leave('zeros', '\0\0\0\0\0')
  const next = openStore(root)
  expect(next.has(sha256('whole'))).toBe(true)
  expect(next.has(sha256('emptied'))).toBe(false)
  expect(next.has(sha256('zeros'))).toBe(false)
  expect(readdirSync(join(root, 'pending'))).not.toContain(OTHER)
})

test('a blob that was noted and got no name is no obstacle', () => {
  openPendingBlobs(root, OTHER).add(sha256('never'))
  expect(openStore(root).has(sha256('never'))).toBe(false)
})

test('blobs of the current boot are not read again', () => {
  store.put(Buffer.from('text'), 'x')
  writeFileSync(blobPath('text'), 'TEXT')
  expect(openStore(root).has(sha256('text'))).toBe(true)
})

test('all blobs of a store that never noted any are checked once', () => {
  for (const text of ['good', 'bad']) store.put(Buffer.from(text), 'x')
  rmSync(join(root, 'pending'), { recursive: true })
  truncateSync(blobPath('bad'), 1)
  const next = openStore(root)
  expect([next.has(sha256('good')), next.has(sha256('bad'))]).toEqual([true, false])
})

test('the files for other programs are written again after a power cut', () => {
  const { descriptor } = putImage(store, [emptyTar])
  store.references.set('docker.io/library/app:latest', descriptor)
  openPendingBlobs(root, OTHER).add(sha256('x'))
  for (const name of ['index.json', 'oci-layout', 'CACHEDIR.TAG']) truncateSync(join(root, name))
  openStore(root)
  expect(openLayout(root).find('app').digest).toBe(descriptor.digest)
  expect(readFileSync(join(root, 'CACHEDIR.TAG'), 'utf8')).toMatch(/^Signature/)
})

test('an image is on the disk before it has a name', async () => {
  const { descriptor } = putImage(store, [emptyTar])
  store.put(Buffer.from('other'), 'x')
  await nameImage(store, descriptor, ['docker.io/library/app:latest'])
  expect(store.pending.list()).toEqual([sha256('other')])
  expect(existsSync(join(root, 'pending', bootName()))).toBe(true)
})

test('a name of the boot is stable, and unknown boots are all different', () => {
  const file = join(temporaryDirectory(), 'boot')
  writeFileSync(file, 'c0fe7f54-f72a-4eab-b843-a3c37efbad37\n')
  expect(bootName(file)).toBe(bootName(file))
  expect(bootName(file)).toMatch(/^[0-9a-f]{8}$/)
  mkdirSync(`${file}s`)
  expect(bootName(join(`${file}s`, 'none'))).not.toBe(bootName(join(`${file}s`, 'none')))
})
