import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { openArchive } from '../../../lib/layers/archive/open-archive.ts'
import { writeTar } from '../../../lib/layers/archive/write-tar.ts'
import type { PlainEntry } from '../../../lib/layers/entry-with.ts'
import { hashContent } from '../../../lib/layers/hash-content.ts'
import { readContent } from '../../../lib/layers/read-content.ts'
import {
  directory,
  file,
  hardlink,
  noise,
  plainEntry,
  storedFiles,
  symlink,
  temporaryDirectory,
  temporaryStore,
} from '../support/entries.ts'

const entries: readonly PlainEntry[] = [
  directory('d'),
  file('d/a', 'text'),
  file('d/b', noise(2_000_000)),
  symlink('s', '../../etc/passwd'),
  hardlink('h', 'd/a'),
  file('.wh.x', ''),
]
const tar = Buffer.concat([...writeTar(entries)])

test.each([
  ['plain', tar],
  ['gzip', gzipSync(tar)],
])('a %s tar is an archive whatever its name, with content that can be read', async (_, bytes) => {
  const archive = await openArchive(written('data.txt', bytes), temporaryStore())
  expect(archive?.entries.map(plainEntry)).toEqual(entries.map(plainEntry))
  const contents = archive?.entries.map((entry) => Buffer.from(readContent(entry, 1e7)))
  expect(contents?.[1]?.toString()).toBe('text')
  expect(contents?.[2]?.equals(noise(2_000_000))).toBe(true)
})

test.each([
  ['an empty file', Buffer.alloc(0)],
  ['text', Buffer.from('hello\n'.repeat(1000))],
  ['zeros', Buffer.alloc(10_240)],
  ['a tar of nothing', Buffer.concat([...writeTar([])])],
  ['text in gzip', gzipSync('hello\n'.repeat(1000))],
  ['gzip of nothing', gzipSync('')],
  ['noise in gzip', gzipSync(noise(100_000))],
  ['something that starts like gzip', Buffer.from('1f8b08deadbeef', 'hex')],
  ['a tar header that is cut off', tar.subarray(0, 500)],
])('%s is no archive, and leaves nothing in the store', async (_, bytes) => {
  const store = temporaryStore()
  expect(await openArchive(written('a.tar.gz', bytes), store)).toBeUndefined()
  expect(storedFiles(store)).toEqual([])
})

test('a directory is no archive', async () => {
  expect(await openArchive(temporaryDirectory(), temporaryStore())).toBeUndefined()
})

test.each([
  ['a tar that is cut off', tar.subarray(0, 1_000_000), 'ARCHIVE_INVALID'],
  ['gzip that is cut off', gzipSync(tar).subarray(0, 1_000_000), 'ARCHIVE_INVALID'],
])('%s is refused with its path, and leaves nothing in the store', async (_, bytes, code) => {
  const store = temporaryStore()
  const path = written('rootfs.tar', bytes)
  await expect(openArchive(path, store)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(JSON.stringify(path)),
    cause: expect.objectContaining({ code }),
  })
  expect(storedFiles(store)).toEqual([])
})

test.each(['gnu', 'oldgnu', 'posix', 'ustar', 'v7'])('what GNU tar writes as %s is read', async (format) => {
  const root = temporaryDirectory()
  const long = format === 'v7' || format === 'ustar' ? 20 : 40
  const deep = `${'long'.repeat(long)}/${'name'.repeat(long)}`
  const target = 't'.repeat(format === 'v7' || format === 'ustar' ? 99 : 150)
  mkdirSync(join(root, 'long'.repeat(long)))
  // v7 has no prefix.
  const name = format === 'v7' ? 'short' : deep
  writeFileSync(join(root, name), 'content')
  symlinkSync(target, join(root, 'link'))
  const path = join(temporaryDirectory(), 'a.tar')
  execFileSync('tar', ['-cf', path, `--format=${format}`, '-C', root, '.'])
  const archive = await openArchive(path, temporaryStore())
  const found = new Map(archive?.entries.map((entry) => [entry.path, entry]))
  expect([...found.keys()].sort()).toEqual(['', 'link', 'long'.repeat(long), name].sort())
  expect(Buffer.from(readContent(found.get(name) as PlainEntry, 10)).toString()).toBe('content')
  expect(found.get('link')?.linkname).toBe(target)
  expect(found.get('long'.repeat(long))).toMatchObject({ type: 'directory', uid: process.getuid?.() })
})

test('content above the limit is refused, and files on disk are read whole', () => {
  const path = written('x', Buffer.from('four'))
  const entry: PlainEntry = { ...file('x', 'four'), content: { kind: 'file', path } }
  expect(Buffer.from(readContent(entry, 4)).toString()).toBe('four')
  expect(() => readContent(entry, 3)).toThrow(expect.objectContaining({ code: 'LAYER_INVALID' }))
  expect(() => readContent({ ...entry, content: { kind: 'range', path, offset: 2 } }, 4)).toThrow(
    expect.objectContaining({ code: 'LAYER_INVALID' }),
  )
  expect(() => readContent({ ...entry, content: { kind: 'range', path: `${path}-gone`, offset: 0 } }, 4)).toThrow(
    expect.objectContaining({ code: 'BLOB_NOT_FOUND' }),
  )
})

test.each([0, 4, 1024 * 1024, 1024 * 1024 + 1, 3_000_000])(
  'content of %i bytes has the hash that its layer records',
  (size) => {
    const bytes = noise(size)
    const path = written('x', bytes)
    const entry: PlainEntry = { ...file('x', bytes), content: { kind: 'file', path } }
    expect(hashContent(entry)).toBe(hashContent(file('x', bytes)))
    expect(hashContent({ ...entry, sha256: 'known' })).toBe('known')
    expect(() => hashContent({ ...entry, size: size + 1 })).toThrow(
      expect.objectContaining({ code: 'CONTEXT_CHANGED' }),
    )
  },
)

function written(name: string, bytes: Uint8Array): string {
  const path = join(temporaryDirectory(), name)
  writeFileSync(path, bytes)
  return path
}
