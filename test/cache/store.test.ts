import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { openStore, type Store } from '../../lib/cache/store.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { openLayout } from '../../lib/oci/layout.ts'
import { defaultPlatform } from '../../lib/oci/platform.ts'
import { readImage } from '../../lib/oci/read-image.ts'
import type { Digest } from '../../lib/oci/types.ts'
import { memoryStore, putImage } from '../support/memory-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let root: string
let store: Store

beforeEach(() => {
  root = join(temporaryDirectory(), 'store')
  store = openStore(root)
})

const temporaries = (): readonly string[] => readdirSync(join(root, 'tmp'))
const blobPath = (digest: Digest): string => join(root, 'blobs/sha256', digest.slice(7))

test('a store is a tagged cache directory and an image layout from the start', () => {
  expect(readFileSync(join(root, 'CACHEDIR.TAG'), 'utf8')).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55\n/)
  expect(openLayout(root).manifests).toEqual([])
})

test('bytes that were put are read back, verified', async () => {
  const descriptor = store.put(Buffer.from('hello'), 'text/plain')
  expect(descriptor).toEqual({ mediaType: 'text/plain', digest: sha256('hello'), size: 5 })
  expect(Buffer.from(await store.read(descriptor)).toString()).toBe('hello')
  expect(await text(store.open(descriptor))).toBe('hello')
  expect(store.size(descriptor.digest)).toBe(5)
  expect(readFileSync(store.path(descriptor.digest), 'utf8')).toBe('hello')
  expect(temporaries()).toEqual([])
})

test('a blob that is not there is said so', async () => {
  const missing = { digest: sha256('x'), size: 1 }
  const error = expect.objectContaining({ code: 'BLOB_NOT_FOUND' })
  expect(store.has(missing.digest)).toBe(false)
  expect(() => store.path(missing.digest)).toThrow(error)
  expect(() => store.size(missing.digest)).toThrow(error)
  await expect(store.read(missing)).rejects.toThrow(error)
  await expect(text(store.open(missing))).rejects.toThrow(error)
})

test('more than the limit is not read into memory', async () => {
  const descriptor = store.put(Buffer.alloc(100), 'x')
  await expect(store.read(descriptor, 99)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' })
  expect((await store.read(descriptor, 100)).byteLength).toBe(100)
})

test('a writer makes a blob visible only when it is committed', () => {
  const writer = store.createWriter()
  const chunk = Buffer.from('hel')
  writer.write(chunk)
  chunk.fill(0)
  writer.write(Buffer.from('lo'))
  expect(store.has(sha256('hello'))).toBe(false)
  expect(writer.commit()).toEqual({ digest: sha256('hello'), size: 5 })
  expect(writer.commit()).toEqual({ digest: sha256('hello'), size: 5 })
  writer.abort()
  expect(readFileSync(store.path(sha256('hello')), 'utf8')).toBe('hello')
  expect(temporaries()).toEqual([])
})

test('an aborted writer leaves nothing', () => {
  const writer = store.createWriter()
  writer.write(Buffer.from('hello'))
  writer.abort()
  writer.abort()
  expect(temporaries()).toEqual([])
  expect(() => writer.write(Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'STORE_IO' }))
  expect(() => writer.commit()).toThrow(expect.objectContaining({ code: 'STORE_IO' }))
})

test('two writers of the same blob both succeed', () => {
  const writers = [store.createWriter(), openStore(root).createWriter()]
  for (const writer of writers) writer.write(Buffer.from('same'))
  for (const writer of writers) expect(writer.commit().digest).toBe(sha256('same'))
  expect(temporaries()).toEqual([])
})

test('a blob that was cut short is written again', () => {
  const { digest } = store.put(Buffer.from('hello'), 'x')
  truncateSync(blobPath(digest), 2)
  expect(store.holds({ digest, size: 5 })).toBe(false)
  store.put(Buffer.from('hello'), 'x')
  expect(readFileSync(blobPath(digest), 'utf8')).toBe('hello')
})

test('a damaged blob is removed when it is read, so that it can be made again', async () => {
  const descriptor = store.put(Buffer.from('hello'), 'x')
  writeFileSync(blobPath(descriptor.digest), 'hellO')
  await expect(text(store.open(descriptor))).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
    hint: expect.stringContaining('again'),
  })
  expect(store.has(descriptor.digest)).toBe(false)
})

test('all damaged blobs are found with the first one, named, and removed', async () => {
  const [first, second, sound] = ['one', 'two', 'three'].map((text) => store.put(Buffer.from(text), 'x'))
  if (!first || !second || !sound) throw new Error('three blobs are three')
  writeFileSync(blobPath(first.digest), 'eno')
  writeFileSync(blobPath(second.digest), '')
  await expect(text(store.open(first))).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
    message: expect.stringContaining(first.digest),
    details: [expect.stringContaining('damaged, too'), second.digest],
  })
  expect([first, second, sound].map(({ digest }) => store.has(digest))).toEqual([false, false, true])
})

test('a sound blob survives being asked for with the wrong size', async () => {
  const { digest } = store.put(Buffer.from('hello'), 'x')
  await expect(store.read({ digest, size: 4 })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  await expect(text(store.open({ digest, size: 6 }))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  expect(store.has(digest)).toBe(true)
})

test('a blob is copied from elsewhere only if it is what it says', async () => {
  const source = memoryStore()
  const good = source.put(Buffer.from('good'), 'x')
  await store.copyBlob(source, good)
  await store.copyBlob(memoryStore(), good)
  expect(store.holds(good)).toBe(true)

  const unverified = {
    ...source,
    open: async function* () {
      yield Buffer.from('evil')
    },
  }
  const other = { mediaType: 'x', digest: sha256('other'), size: 4 }
  await expect(store.copyBlob(unverified, other)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  expect(store.has(other.digest)).toBe(false)
  expect(store.has(sha256('evil'))).toBe(false)
  expect(temporaries()).toEqual([])
})

test('derived data is kept by kind and digest', () => {
  const digest = sha256('layer')
  expect(store.readDerived('layer-index', digest)).toBeUndefined()
  store.writeDerived('layer-index', digest, Buffer.from('1'))
  store.writeDerived('layer-index', digest, Buffer.from('2'))
  expect(store.readDerived('layer-index', digest)?.toString()).toBe('2')
  expect(store.readDerived('other', digest)).toBeUndefined()
  for (const kind of ['../x', '', 'A']) expect(() => store.readDerived(kind, digest)).toThrow(/invalid kind/)
  expect(() => store.readDerived('x', 'sha256:../../x')).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }))
})

test('derived data may come in pieces that share their memory', () => {
  const digest = sha256('layer')
  const pieces = function* () {
    const piece = Buffer.alloc(1)
    for (const letter of 'pieces') yield piece.fill(letter)
  }
  store.writeDerived('note', digest, pieces())
  expect(store.readDerived('note', digest)?.toString()).toBe('pieces')
  const failing = function* () {
    yield Buffer.from('half')
    throw new Error('no more')
  }
  expect(() => store.writeDerived('note', digest, failing())).toThrow('no more')
  expect(store.readDerived('note', digest)?.toString()).toBe('pieces')
  expect(temporaries()).toEqual([])
})

test('scratch directories go when the store is closed', () => {
  const scratch = store.temporary()
  mkdirSync(join(scratch, 'a/b'), { recursive: true })
  const writer = store.createWriter()
  writer.write(Buffer.from('x'))
  store.close()
  store.close()
  expect(existsSync(scratch)).toBe(false)
  expect(temporaries()).toEqual([])
})

test('what a dead process left is removed, what a living one uses is kept', () => {
  const mine = store.temporary()
  const space = (mine.split('/').at(-1) ?? '').split('-')[1]
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  const day = 86_400
  const cases: readonly [string, number, boolean][] = [
    [`${dead}-${space}-00000000-0`, 0, false],
    [`${process.pid}-${space}-00000000-0`, 0, true],
    [`${process.pid}-${space}-00000000-1`, 6 * day, true],
    [`${process.pid}-${space}-00000000-2`, 8 * day, false],
    // From another machine or container, where the process id says nothing.
    [`${dead}-01234567-00000000-0`, 0, true],
    [`${dead}-01234567-00000000-1`, 2 * day, false],
    ['nonsense', 2 * day, false],
  ]
  for (const [name, age] of cases) {
    const path = join(root, 'tmp', name)
    mkdirSync(path)
    writeFileSync(join(path, 'file'), '')
    const time = Date.now() / 1000 - age
    utimesSync(path, time, time)
  }
  openStore(root)
  expect(cases.map(([name]) => [name, temporaries().includes(name)])).toEqual(
    cases.map(([name, , kept]) => [name, kept]),
  )
  expect(existsSync(mine)).toBe(true)
})

test('a store of another version, or a directory of something else, is not touched', () => {
  writeFileSync(join(root, 'tsbuild-store.json'), '{"version":99}')
  expect(() => openStore(root)).toThrow(
    expect.objectContaining({ code: 'STORE_VERSION', message: expect.stringContaining('has version 99') }),
  )
  const other = temporaryDirectory()
  writeFileSync(join(other, 'thesis.txt'), '')
  expect(() => openStore(other)).toThrow(
    expect.objectContaining({ code: 'STORE_VERSION', message: expect.stringContaining('thesis.txt') }),
  )
  expect(readdirSync(other)).toEqual(['thesis.txt'])
})

test('a store whose making was interrupted is completed', () => {
  rmSync(join(root, 'tsbuild-store.json'))
  rmSync(join(root, 'index.json'))
  openStore(root)
  expect(openLayout(root).manifests).toEqual([])
  writeFileSync(join(root, 'tsbuild-store.json'), '')
  openStore(root)
  expect(JSON.parse(readFileSync(join(root, 'tsbuild-store.json'), 'utf8'))).toEqual({ version: 1 })
})

test('a store that can not be made is an error with a hint', () => {
  const file = join(temporaryDirectory(), 'file')
  writeFileSync(file, '')
  expect(() => openStore(join(file, 'store'))).toThrow(expect.objectContaining({ code: 'STORE_IO' }))
})

test('an image that was put is read back as an image', async () => {
  const image = putImage(store, [Buffer.from('a')])
  expect(await readImage(store, image.descriptor, defaultPlatform())).toEqual(image)
})

async function text(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('a large blob that something touched after this process wrote it is hashed again', async () => {
  const writer = store.createWriter()
  writer.write(Buffer.alloc(2 << 20, 1))
  const { digest, size } = writer.commit()
  const path = store.path(digest)
  const read = async (): Promise<number> => {
    let length = 0
    for await (const chunk of store.open({ digest, size })) length += chunk.length
    return length
  }
  expect(await read()).toBe(size)
  const { ctimeMs } = statSync(path)
  writeFileSync(path, Buffer.alloc(2 << 20, 2))
  // The clock of a file system may stand still for some milliseconds.
  while (statSync(path).ctimeMs === ctimeMs) utimesSync(path, 1, 1)
  await expect(read()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
})
